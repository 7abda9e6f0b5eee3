import { moderations } from "@kiln/client/indexed-video";
import { z } from "zod";
import { ErrorCode } from "../../base/errors.ts";
import { Stage, VideoRecord } from "../../videos/video.ts";
import { Progress } from "../../videos/video-update.ts";

const { id, attempt, title, owner, sha256 } = VideoRecord.shape;
const path = z.string().min(1);

/** The heavy part of a stage: what a child process is asked to do. Paths are local. */
export const Task = z.discriminatedUnion("stage", [
  z.object({
    stage: z.literal(Stage.enum.ingest),
    /** The file as it was handed in, and where its copy belongs. */
    source: path,
    sha256,
    original: path,
  }),
  z.object({ stage: z.literal(Stage.enum.transcode), original: path, out: path }),
  z.object({
    stage: z.literal(Stage.enum.publish),
    ...{ video: id, attempt, title, owner, folder: path },
    /** What a moderator has decided; what was seen in the pictures counts without it. */
    moderation: z.enum(moderations).optional(),
  }),
]);
export type Task = z.infer<typeof Task>;
export type TaskOf<S extends Stage> = Extract<Task, { stage: S }>;

/** What the task of each stage answers; the rest of what it leaves is files. */
export const taskResults = {
  ingest: z.object({}),
  transcode: z.object({}),
  /** Where the video can be watched. */
  publish: z.object({ url: z.url() }),
} as const satisfies Record<Stage, z.ZodType>;
export type TaskResult<S extends Stage = Stage> = z.infer<(typeof taskResults)[S]>;

/**
 * Why a task ended without a result.
 * - rejection: the video is at fault, for good
 * - final: something else is at fault, and trying again by itself cannot help
 * - passing: trying again can help
 */
export const TaskFailure = z.object({
  kind: z.enum(["rejection", "final", "passing"]),
  code: ErrorCode,
  message: z.string(),
  /** Of what nobody foresaw: for the log. */
  stack: z.string().optional(),
});
export type TaskFailure = z.infer<typeof TaskFailure>;

/** Worker to child. */
export const ToChild = z.discriminatedUnion("type", [
  z.object({ type: z.literal("run"), task: Task }),
  z.object({ type: z.literal("stop") }),
]);
export type ToChild = z.infer<typeof ToChild>;

/** Child to worker: any number of `progress`, then one of the others. */
export const FromChild = z.discriminatedUnion("type", [
  z.object({ type: z.literal("progress"), progress: Progress }),
  z.object({ type: z.literal("done"), result: z.unknown() }),
  z.object({ type: z.literal("failed"), failure: TaskFailure }),
]);
export type FromChild = z.infer<typeof FromChild>;
