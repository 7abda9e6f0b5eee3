import { z } from "zod";
import { Reason, VideoId, type VideoRecord, VideoState, Waiting } from "./video.ts";

/** The progress of the work on a video: the step ("encode", "upload"...) and its finished share, 0 to 1. */
export const Progress = z.object({ stage: z.string().min(1), fraction: z.number().min(0).max(1) });
export type Progress = z.infer<typeof Progress>;

/** A message to the followers of a video. */
export const VideoUpdate = z.object({
  id: VideoId,
  state: VideoState,
  revision: z.number().int().nonnegative(),
  stage: Progress.shape.stage.optional(),
  fraction: Progress.shape.fraction.optional(),
  reason: Reason.optional(),
  waiting: Waiting.optional(),
  url: z.string().optional(),
});
export type VideoUpdate = z.infer<typeof VideoUpdate>;

/** The message to followers about a record. */
export function updateOf(record: VideoRecord, progress?: Progress): VideoUpdate {
  const { id, state, revision, reason, waiting, url } = record;
  return {
    id,
    state,
    revision,
    ...progress,
    ...(reason === undefined ? {} : { reason }),
    ...(waiting === undefined ? {} : { waiting }),
    ...(url === undefined ? {} : { url }),
  };
}
