import { isDeepStrictEqual } from "node:util";
import type { Redis } from "ioredis";
import { TypedError } from "../base/typed-error.ts";
import { issuesOf } from "../base/zod-issues.ts";
import { type Transition, transition, type VideoEvent } from "./transition.ts";
import { isSettled, type NewVideo, newRecord, recordSchema, VideoRecord } from "./video.ts";
import { Progress, updateOf, type VideoUpdate } from "./video-update.ts";

/** All Redis keys of this folder. */
export const videoKeys = {
  /** Hash: the fields of VideoRecord, and `progress` while a stage works. */
  record: (id: string) => `kiln:video:${id}`,
  /** Sorted set: video ids by the time they were received (milliseconds). */
  list: "kiln:videos",
  /** Set: ids of the videos that are not settled. */
  open: "kiln:videos:open",
  /** String: the id of the blob store that all hosts share. */
  blobs: "kiln:blobs",
  /** Pub/sub channel: VideoUpdate as JSON. */
  updates: "kiln:videos:updates",
} as const;

/**
 * Compare and set: changes the record only if its revision is still the one that was read. Other fields stay as they are:
 * a newer version may have written some that this one does not know.
 * KEYS record, list, open; ARGV expected revision ("" when absent), id, createdAt, SADD or SREM (for open),
 * channel, update, how many fields to delete, these, then field, value... of those to set
 */
const writeRecord = `
  local current = redis.call("HGET", KEYS[1], "revision") or ""
  if current ~= ARGV[1] then return 0 end
  redis.call("HDEL", KEYS[1], unpack(ARGV, 8, 7 + ARGV[7]))
  redis.call("HSET", KEYS[1], unpack(ARGV, 8 + ARGV[7]))
  redis.call("ZADD", KEYS[2], ARGV[3], ARGV[2])
  redis.call(ARGV[4], KEYS[3], ARGV[2])
  redis.call("PUBLISH", ARGV[5], ARGV[6])
  return 1`;

/** KEYS record, channel; ARGV attempt, progress, update, state, revision. Refused after a newer attempt has begun. */
const writeProgress = `
  local now = redis.call("HMGET", KEYS[1], "attempt", "state", "revision")
  if now[1] ~= ARGV[1] or now[2] ~= ARGV[4] or now[3] ~= ARGV[5] then return 0 end
  redis.call("HSET", KEYS[1], "progress", ARGV[2])
  redis.call("PUBLISH", KEYS[2], ARGV[3])
  return 1`;

/** KEYS record, open; ARGV id. */
const forgetOpen = `
  if redis.call("EXISTS", KEYS[1]) == 0 then redis.call("SREM", KEYS[2], ARGV[1]) end`;

/** Called for each record that cannot be read; the others follow. */
export type OnUnreadable = (id: string, error: TypedError) => void;

/**
 * The records of all videos, in Redis. They are the truth until publication, so the server has to keep them: `appendonly yes`
 * and `maxmemory-policy noeviction` (redisWarnings checks both).
 */
export class VideoStore {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** Creates the record of a video as `received`; an existing one is returned as it is. */
  async create(video: NewVideo): Promise<VideoRecord> {
    const record = newRecord(video, Date.now());
    if (await this.#write(record)) return record;
    return await this.get(record.id);
  }

  /** @throws TypedError VIDEO_UNKNOWN */
  async get(id: string): Promise<VideoRecord> {
    return (await this.#read(id)).record;
  }

  /** The record and the progress of its current stage; undefined when there is no such video or its record cannot be read. */
  async find(id: string): Promise<{ record: VideoRecord; progress?: Progress } | undefined> {
    return await this.#read(id).catch((error: unknown) => {
      if (error instanceof TypedError) return undefined;
      throw error;
    });
  }

  /** The record as followers see it, with the progress of the current stage. */
  async latest(id: string): Promise<VideoUpdate> {
    const { record, progress } = await this.#read(id);
    return updateOf(record, progress);
  }

  /**
   * Applies an event: the transition is checked and written atomically.
   * @throws TypedError VIDEO_UNKNOWN
   */
  async apply(id: string, event: VideoEvent): Promise<Transition> {
    for (;;) {
      const record = await this.get(id);
      const result = transition(record, event, Date.now());
      if (result.outcome === "refused") return result;
      if (await this.#write(result.record, record)) return result;
    }
  }

  /**
   * Reports the progress of a stage to the followers.
   * @param record as of the beginning of the stage
   * @returns "refused" when the record has changed: a newer attempt has taken over, or the work is not needed any more
   */
  async report(record: VideoRecord, progress: Progress): Promise<"reported" | "refused"> {
    const written = await this.#redis.eval(
      writeProgress,
      2,
      videoKeys.record(record.id),
      videoKeys.updates,
      record.attempt,
      JSON.stringify(progress),
      JSON.stringify(updateOf(record, progress)),
      record.state,
      record.revision,
    );
    return written === 1 ? "reported" : "refused";
  }

  /** The ids of all videos, newest first, read in pages. */
  async *ids(): AsyncGenerator<string> {
    const page = 256;
    for (let start = 0; ; start += page) {
      const ids = await this.#redis.zrevrange(videoKeys.list, start, start + page - 1);
      yield* ids;
      if (ids.length < page) return;
    }
  }

  /** All records that can be read, newest first. */
  async *records(onUnreadable: OnUnreadable): AsyncGenerator<VideoRecord> {
    for await (const id of this.ids()) yield* this.#readable(id, onUnreadable);
  }

  /** The unfinished videos. */
  async *open(onUnreadable: OnUnreadable): AsyncGenerator<VideoRecord> {
    for (const id of await this.#redis.smembers(videoKeys.open)) yield* this.#readable(id, onUnreadable);
  }

  async *#readable(id: string, onUnreadable: OnUnreadable): AsyncGenerator<VideoRecord> {
    try {
      yield await this.get(id);
    } catch (error) {
      if (!(error instanceof TypedError)) throw error;
      // A record that is gone needs no work.
      if (error.code === "VIDEO_UNKNOWN")
        await this.#redis.eval(forgetOpen, 2, videoKeys.record(id), videoKeys.open, id);
      else onUnreadable(id, error);
    }
  }

  async #read(id: string): Promise<{ record: VideoRecord; progress?: Progress }> {
    const { progress, ...fields } = await this.#redis.hgetall(videoKeys.record(id));
    if (fields.id === undefined) throw new TypedError("VIDEO_UNKNOWN", `there is no video ${id}`);
    const record = parseRecord(id, fields);
    return progress === undefined ? { record } : { record, progress: Progress.parse(JSON.parse(progress)) };
  }

  /** @param former as it was read; absent: only a video without a record is written */
  async #write(record: VideoRecord, former?: VideoRecord): Promise<boolean> {
    const before: Readonly<Record<string, unknown>> = former ?? {};
    const now: Readonly<Record<string, unknown>> = record;
    const deleted = ["progress", ...Object.keys(before).filter((name) => now[name] === undefined)];
    const fields = Object.entries(record)
      .filter(([name, value]) => value !== undefined && !isDeepStrictEqual(value, before[name]))
      .flatMap(([name, value]) => [name, typeof value === "object" ? JSON.stringify(value) : String(value)]);
    const written = await this.#redis.eval(
      writeRecord,
      3,
      videoKeys.record(record.id),
      videoKeys.list,
      videoKeys.open,
      former === undefined ? "" : former.revision,
      record.id,
      record.createdAt,
      isSettled(record.state) ? "SREM" : "SADD",
      videoKeys.updates,
      JSON.stringify(updateOf(record)),
      deleted.length,
      ...deleted,
      ...fields,
    );
    return written === 1;
  }
}

/** @throws TypedError RECORD_NEWER, RECORD_UNREADABLE */
function parseRecord(id: string, fields: Readonly<Record<string, string>>): VideoRecord {
  if (Number(fields.schema ?? 1) > recordSchema)
    throw new TypedError("RECORD_NEWER", `a newer version of Kiln wrote the record of video ${id}`);
  const { data, error } = VideoRecord.safeParse(fields);
  if (data !== undefined) return data;
  throw new TypedError("RECORD_UNREADABLE", `video ${id}: ${issuesOf(error)}`, { cause: error });
}
