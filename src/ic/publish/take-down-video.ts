import type { TakedownStatus } from "@kiln/client/indexed-video";
import type { IndexClient } from "../canisters/index-client.ts";
import type { StorageClient } from "../canisters/storage-client.ts";
import { videoUploadId } from "./publish.ts";

/**
 * Takes a video down: first in the index, so that feeds drop it at once, then its files, which return 410 from then
 * on and free their bytes. Idempotent. A video that is not published yet is fenced off: when it is, the index enters
 * it as taken down.
 * @param options.attempt the latest known fencing number of the video
 * @throws TypedError UNAUTHORIZED, STALE_ATTEMPT, and those of `withRetry`
 */
export async function takeDownVideo(options: {
  index: IndexClient;
  buckets: readonly StorageClient[];
  id: string;
  attempt: number;
  status: TakedownStatus;
}): Promise<void> {
  const { index, buckets, id, attempt, status } = options;
  const entry = await index.takeDown({ id, attempt, status });
  const uploadId = videoUploadId(id);
  await Promise.all(
    buckets.map(async (storage) => {
      const begun = await storage.uploadStatus(uploadId);
      const latest = Math.max(attempt, entry?.attempt ?? 0, begun?.attempt ?? 0);
      await storage.deleteUpload({ uploadId, attempt: latest });
    }),
  );
}
