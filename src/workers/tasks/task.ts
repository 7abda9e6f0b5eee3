import { moderations } from "@kiln/client/indexed-video";
import { z } from "zod";
import type { Operation } from "../../base/processes/operation.ts";
import { Stage, VideoRecord } from "../../videos/video.ts";
import { Progress } from "../../videos/video-update.ts";

const { id, attempt, title, owner, sha256 } = VideoRecord.shape;
const path = z.string().min(1);

/** The heavy part of each stage, as a child process is given it. Paths are local. */
const tasks = {
  ingest: z.object({
    stage: z.literal(Stage.enum.ingest),
    /** The enqueued file, and the path for its copy. */
    source: path,
    sha256,
    original: path,
  }),
  transcode: z.object({ stage: z.literal(Stage.enum.transcode), original: path, out: path }),
  publish: z.object({
    stage: z.literal(Stage.enum.publish),
    ...{ video: id, attempt, title, owner, folder: path },
    /** A moderator's decision; without it, the verdict of the analysis counts. */
    moderation: z.enum(moderations).optional(),
  }),
} as const satisfies Record<Stage, z.ZodType>;
export type TaskOf<S extends Stage> = z.infer<(typeof tasks)[S]>;

/** The answer to each; the rest of what a task leaves is files. */
const results = {
  ingest: z.object({}),
  transcode: z.object({}),
  /** Where the video can be watched. */
  publish: z.object({ url: z.url() }),
} as const satisfies Record<Stage, z.ZodType>;
export type TaskResult<S extends Stage = Stage> = z.infer<(typeof results)[S]>;

/** The operations of the child process that does a worker's tasks. */
export const taskOperation = <S extends Stage>(stage: S): Operation<TaskOf<S>, Progress, TaskResult<S>> => ({
  name: stage,
  request: tasks[stage] as unknown as z.ZodType<TaskOf<S>>,
  report: Progress,
  answer: results[stage] as unknown as z.ZodType<TaskResult<S>>,
});
