import type { VideoRecord } from "../../videos/video.ts";
import type { VideoStore } from "../../videos/video-store.ts";
import type { Progress } from "../../videos/video-update.ts";
import { throttleLatest } from "../throttle-latest.ts";

/** Frequent enough for a progress bar, in milliseconds. */
const betweenMs = 250;

/**
 * Reports the latest progress of a stage to the followers of its video, a few times a second.
 * @param record as of the beginning of the stage
 * @param onRefused called when the record refuses the report: another attempt has taken over
 */
export function reportProgress(
  store: VideoStore,
  record: VideoRecord,
  onRefused: () => void,
): { push: (progress: Progress) => void } & Disposable {
  return throttleLatest<Progress>(betweenMs, async (progress) => {
    if ((await store.report(record, progress)) === "refused") onRefused();
  });
}
