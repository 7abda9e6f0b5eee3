import { TypedError } from "../../base/typed-error.ts";
import type { StorageClient } from "../canisters/storage-client.ts";
import { chooseBucket } from "./choose-bucket.ts";

/**
 * The bucket for an upload: the one in the index, else one where it was begun, else one with room. An upload is never
 * split, because playlists refer to segments by relative URLs; different videos spread over the buckets.
 * @param options.known the storage canister that the video's entry in the index names
 * @param options.bytes that the upload needs
 * @throws TypedError OUT_OF_SPACE, BUCKET_UNKNOWN, and those of `withRetry`
 */
export async function allocateBucket(options: {
  buckets: readonly StorageClient[];
  uploadId: string;
  bytes: number;
  known?: string | undefined;
  signal?: AbortSignal | undefined;
}): Promise<StorageClient> {
  const { buckets, uploadId, bytes, known, signal } = options;
  const [only, ...others] = buckets;
  if (known !== undefined) return bucketOf(buckets, known);
  if (only !== undefined && others.length === 0) return only;
  const answering = await whoAnswer(buckets, async (bucket) => ({
    bucket,
    begun: await bucket.uploadStatus(uploadId, { signal }),
    freeBytes: (await bucket.status({ signal })).freeBytes,
  }));
  signal?.throwIfAborted();
  const holder = answering.find(({ begun }) => begun !== undefined);
  if (holder !== undefined) return holder.bucket;
  const space = answering.map(({ bucket, freeBytes }) => ({ canisterId: bucket.canisterId, freeBytes }));
  const chosen = chooseBucket(space, uploadId, bytes);
  if (chosen !== undefined) return bucketOf(buckets, chosen);
  throw new TypedError(
    "OUT_OF_SPACE",
    `none of the ${buckets.length} storage canisters has room for ${bytes} bytes: deploy another one, or name it in KILN_STORAGE_CANISTER`,
  );
}

/** Buckets that do not answer are skipped. @throws the first error if none answers */
async function whoAnswer<Answer>(
  buckets: readonly StorageClient[],
  ask: (bucket: StorageClient) => Promise<Answer>,
): Promise<Answer[]> {
  const asked = await Promise.allSettled(buckets.map(ask));
  const answers = asked.filter((each) => each.status === "fulfilled").map(({ value }) => value);
  const [first] = asked;
  if (answers.length === 0 && first?.status === "rejected") throw first.reason;
  return answers;
}

/**
 * The bucket with that id.
 * @throws TypedError BUCKET_UNKNOWN
 */
export function bucketOf(buckets: readonly StorageClient[], canisterId: string): StorageClient {
  const bucket = buckets.find((each) => each.canisterId === canisterId);
  if (bucket !== undefined) return bucket;
  throw new TypedError(
    "BUCKET_UNKNOWN",
    `the video is in storage canister ${canisterId}, which neither the directory nor KILN_STORAGE_CANISTER names: add it`,
  );
}
