import { createHash } from "node:crypto";

/** A storage canister, and the bytes that its limits still allow. */
export type BucketSpace = { canisterId: string; freeBytes: number };

/**
 * The bucket for a new upload: random, weighted by free space, so that concurrent publishers do not all choose the
 * emptiest one. The upload is the seed, so that a retry chooses the same bucket and finds its chunks there.
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

/** Uniform in (0, 1), determined by the text. */
function chance(text: string): number {
  return (createHash("sha256").update(text).digest().readUInt32BE(0) + 0.5) / 2 ** 32;
}
