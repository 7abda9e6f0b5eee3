import { z } from "zod";
import { Stage, VideoId, type VideoRecord } from "../videos/video.ts";

/** Prefix of every key that BullMQ writes. */
export const queuePrefix = "kiln:queue";

/** The queue of a stage has the stage's name. */
export const queueNames = Stage.options;

/** The job of a stage names its video. Everything else is in the record. */
export const VideoJob = z.object({ video: VideoId, run: z.number().int().positive() });
export type VideoJob = z.infer<typeof VideoJob>;

/** Derived from the video and its run, so that adding twice is adding once. */
export function jobId({ id, run }: Pick<VideoRecord, "id" | "run">): string {
  return `${id}-${run}`;
}
