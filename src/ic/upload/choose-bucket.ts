import { createHash } from "node:crypto";

/** A storage canister, and the bytes that its limits leave. */
export type BucketSpace = { canisterId: string; freeBytes: number };

/**
 * The bucket for a new upload: by chance in proportion to free space, so that many publishers at once do not all meet
 * in the emptiest one; the same upload meets the same chance, so a try that starts again finds its chunks.
 * @param bytes that the upload needs
 * @returns undefined when no bucket has room
 * @source Schindelhauer, Schomaker, "Weighted Distributed Hash Tables", SPAA 2005 (logarithmic method)
 */
export function chooseBucket(
  buckets: readonly BucketSpace[],
  uploadId: string,
  bytes: number,
): string | undefined {
  const roomy = buckets.filter(({ freeBytes }) => freeBytes >= bytes && freeBytes > 0);
  const distance = ({ canisterId, freeBytes }: BucketSpace) =>
    -Math.log(chance(`${uploadId} ${canisterId}`)) / freeBytes;
  return roomy.toSorted((a, b) => distance(a) - distance(b))[0]?.canisterId;
}

/** In (0, 1), the same for the same text. */
function chance(text: string): number {
  return (createHash("sha256").update(text).digest().readUInt32BE(0) + 0.5) / 2 ** 32;
}
