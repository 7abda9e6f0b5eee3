import { TypedError } from "../telemetry/typed-error.ts";
import type { IndexClient } from "./index-client.ts";
import type { Status } from "./indexed-video.ts";
import { videoUploadId } from "./publish.ts";
import type { StorageClient } from "./storage-client.ts";

/** What withdraws a video. */
export type Withdrawal = Extract<Status, "BannedForExplicitness" | "BannedDueToUserReporting" | "Deleted">;

/**
 * Takes a video back: the index first, so that feeds stop at once, then its files, which answer 410 from then on and
 * give their bytes free. Idempotent; a video that was never published, or is on its way, is fenced off.
 * @param options.attempt the newest fencing number known for the video
 * @throws TypedError UNAUTHORIZED, STALE_ATTEMPT, and those of `withRetry`
 */
export async function withdrawVideo(options: {
  index: IndexClient;
  buckets: readonly StorageClient[];
  id: string;
  attempt: number;
  status: Withdrawal;
}): Promise<void> {
  const { index, buckets, id, status } = options;
  const uploadId = videoUploadId(id);
  const entry = await settle(index, id, status);
  await Promise.all(
    buckets.map(async (storage) => {
      const begun = await storage.uploadStatus(uploadId);
      const attempt = Math.max(options.attempt, entry?.attempt ?? 0, begun?.attempt ?? 0);
      await storage.deleteUpload({ uploadId, attempt });
    }),
  );
  // A publisher that had committed before the fence may have entered it meanwhile.
  if (entry === undefined) await settle(index, id, status);
}

async function settle(index: IndexClient, id: string, status: Withdrawal) {
  try {
    return await index.setStatus(id, status);
  } catch (error) {
    if (error instanceof TypedError && error.code === "VIDEO_NOT_FOUND") return undefined;
    throw error;
  }
}
