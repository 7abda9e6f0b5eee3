import { z } from "zod";
import { verdicts } from "../analysis/analysis.ts";
import { plainText } from "../base/plain-text.ts";
import { PostLink } from "./post-link.ts";

/** The states of a video in the order of a successful one; the last four are other ends. */
export const VideoState = z.enum([
  "received",
  "accepted",
  "encoding",
  "encoded",
  "cleared",
  "publishing",
  "published",
  "rejected",
  "failed",
  "banned",
  "deleted",
]);
export type VideoState = z.infer<typeof VideoState>;

/** The stages of the work on a video, each with its own queue. */
export const Stage = z.enum(["ingest", "transcode", "publish"]);
export type Stage = z.infer<typeof Stage>;

/** Why a video was rejected, was banned or failed: a code in capitals and a sentence. */
export const Reason = z.object({ code: z.string().min(1), message: z.string() });
export type Reason = z.infer<typeof Reason>;

/** The result of moderation: how explicit the content is, 0 to 1, and the verdict. */
export const Moderation = z.object({ verdict: z.enum(verdicts), explicit: z.number().min(0).max(1) });
export type Moderation = z.infer<typeof Moderation>;

/** A temporary failure that a video waits out: a code in capitals and a sentence. */
export const Waiting = z.object({
  ...Reason.shape,
  /** Milliseconds since 1970: the beginning of the wait, over all attempts. */
  since: z.int().nonnegative(),
});
export type Waiting = z.infer<typeof Waiting>;

/** A moderator's decision on a video, which takes precedence over the analysis. */
export const Decision = z.looseObject({
  verdict: z.enum(["clear", "ban"]),
  /** The moderator: a principal as text, or a name. */
  by: z.string().trim().min(1).max(200),
  reason: z.string().trim().min(1).max(1_000),
  /** Milliseconds since 1970. */
  at: z.int().nonnegative(),
});
export type Decision = z.infer<typeof Decision>;

/** The first 128 bits of the original's SHA-256, in hexadecimal: the same file is the same video. */
export const VideoId = z.string().regex(/^[0-9a-f]{32}$/, "a video id is 32 hexadecimal digits");

/** Objects and lists are JSON in the fields of a hash. */
const json = <Value>(schema: z.ZodType<Value>) =>
  z
    .string()
    .transform((text): Value => schema.parse(JSON.parse(text)))
    .or(schema);

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, "a SHA-256 is 64 hexadecimal digits");
const count = z.coerce.number().int().nonnegative();

/**
 * The schema of the records that this version writes. It is raised only when older versions would misread a record. A new
 * field does not raise it: older versions leave unknown fields as they are.
 */
export const recordSchema = 1;

/** The record of a video, the truth until publication. Its fields are those of a Redis hash. */
export const VideoRecord = z.object({
  id: VideoId,
  schema: count.default(1),
  title: z.string().transform(plainText).pipe(z.string().trim().min(1).max(200)),
  /** Principal of the owner, as text; absent: whoever publishes it. */
  owner: z.string().min(1).optional(),
  /** The post that the video belongs to: its status follows the video's state. */
  post: PostLink.optional(),
  /** Absolute path of the enqueued file; ingest copies it into the blob store. */
  source: z.string().min(1),
  sha256: Sha256,
  /** Size of the original in bytes. */
  bytes: count,
  state: VideoState,
  /** The stage that began last; absent before the first one. */
  stage: Stage.optional(),
  /** The fencing number: rises when a stage begins and when the video is enqueued again. Effects of older attempts are refused. */
  attempt: count,
  /** How often the video was enqueued. Jobs of older runs are refused. */
  run: count,
  /** The attempt whose encode is the verified product. */
  product: count.optional(),
  /** Products of earlier attempts are not used: the video is encoded again. */
  oldestProduct: count.optional(),
  /** Where the published video can be watched. */
  url: z.string().optional(),
  reason: json(Reason).optional(),
  waiting: json(Waiting).optional(),
  /** Absent until the content has been judged. */
  moderation: json(Moderation).optional(),
  /** All decisions of moderators, oldest first; the last one counts. */
  decisions: json(z.array(Decision)).optional(),
  /** Rises with every change of the record. */
  revision: count,
  /** Milliseconds since 1970. */
  createdAt: count,
  updatedAt: count,
});
export type VideoRecord = z.infer<typeof VideoRecord>;

/** A video to be enqueued. */
export type NewVideo = Pick<VideoRecord, "title" | "owner" | "post" | "source" | "sha256" | "bytes">;

/** Whether the last decision of a moderator clears the video. */
export const isCleared = ({ decisions }: Pick<VideoRecord, "decisions">): boolean =>
  decisions?.at(-1)?.verdict === "clear";

/** @param sha256 of the original, in hexadecimal */
export function videoId(sha256: string): string {
  return VideoId.parse(sha256.slice(0, 32));
}

/** @param now milliseconds since 1970 */
export function newRecord(video: NewVideo, now: number): VideoRecord {
  return {
    ...video,
    id: videoId(video.sha256),
    schema: recordSchema,
    state: "received",
    attempt: 0,
    run: 1,
    revision: 1,
    createdAt: now,
    updatedAt: now,
  };
}

const settled: ReadonlySet<VideoState> = new Set(["published", "rejected", "failed", "banned", "deleted"]);

/** True when the workers are done with a video in this state. */
export function isSettled(state: VideoState): boolean {
  return settled.has(state);
}
