import type { Withdrawal } from "@kiln/client/indexed-video";
import type { IndexClient } from "../canisters/index-client.ts";
import type { StorageClient } from "../canisters/storage-client.ts";
import { videoUploadId } from "./publish.ts";

/**
 * Takes a video back: the index first, so that feeds stop at once, then its files, which answer 410 from then on and
 * give their bytes free. Idempotent. A video that was never published, or is on its way, is fenced off: the index
 * enters it as withdrawn, whenever its publisher comes.
 * @param options.attempt the newest fencing number known for the video
 * @throws TypedError UNAUTHORIZED, STALE_ATTEMPT, and those of `withRetry`
 */
export async function takedownVideo(options: {
  index: IndexClient;
  buckets: readonly StorageClient[];
  id: string;
  attempt: number;
  status: Withdrawal;
}): Promise<void> {
  const { index, buckets, id, attempt, status } = options;
  const entry = await index.withdraw({ id, attempt, status });
  const uploadId = videoUploadId(id);
  await Promise.all(
    buckets.map(async (storage) => {
      const begun = await storage.uploadStatus(uploadId);
      const newest = Math.max(attempt, entry?.attempt ?? 0, begun?.attempt ?? 0);
      await storage.deleteUpload({ uploadId, attempt: newest });
    }),
  );
}
