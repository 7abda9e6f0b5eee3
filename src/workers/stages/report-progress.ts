import type { VideoRecord } from "../../videos/video.ts";
import type { VideoStore } from "../../videos/video-store.ts";
import type { Progress } from "../../videos/video-update.ts";
import { throttleLatest } from "../throttle-latest.ts";

/** The eye does not want more, Redis neither. */
const betweenMs = 250;

/**
 * Tells the followers of a video how far its stage is: the newest progress, a few times a second.
 * @param record as the stage has begun it
 * @param onRefused called when the record has moved on without us: another attempt has taken over
 */
export function reportProgress(
  store: VideoStore,
  record: VideoRecord,
  onRefused: () => void,
): { tell: (progress: Progress) => void } & Disposable {
  return throttleLatest<Progress>(betweenMs, async (progress) => {
    if ((await store.report(record, progress)) === "refused") onRefused();
  });
}
