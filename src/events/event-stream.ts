import type { Redis } from "ioredis";
import { TypedError } from "../base/typed-error.ts";
import { dayOf, EngagementEvent } from "./event.ts";

/** The Redis keys of this folder, all of them. */
export const eventKeys = {
  /** Stream: an event a entry, as JSON in the field `event`. */
  stream: "kiln:events",
  /** Set: the ids of the events that happened on a day. */
  ids: (day: string) => `kiln:events:ids:${day}`,
} as const;

/** A redelivery after this many seconds enters the stream again and ends at the lake, which knows every id. */
const remembered = 3 * 86_400;

/**
 * KEYS stream, then a set of ids for each event; ARGV seconds to remember, the maximum length of the stream, then id and
 * JSON of each event.
 */
const addNew = `
  if redis.call("XLEN", KEYS[1]) >= tonumber(ARGV[2]) then return -1 end
  local added = 0
  for index = 2, #KEYS do
    local id, event = ARGV[2 * index - 1], ARGV[2 * index]
    if redis.call("SADD", KEYS[index], id) == 1 then
      redis.call("XADD", KEYS[1], "*", "event", event)
      redis.call("EXPIRE", KEYS[index], ARGV[1])
      added = added + 1
    end
  end
  return added`;

/** Redis blocks other clients while a script runs. */
const batch = 500;

export type StreamEntry = { entry: string; event: EngagementEvent };

/** The events that have arrived and are not in the lake yet, in a Redis stream. */
export class EventStream {
  readonly #redis: Redis;

  readonly #maxWaiting: number;

  /** @param options.maxWaiting events that wait to be compacted, give or take a batch; more are refused */
  constructor(redis: Redis, { maxWaiting = Number.MAX_SAFE_INTEGER }: { maxWaiting?: number } = {}) {
    this.#redis = redis;
    this.#maxWaiting = maxWaiting;
  }

  /**
   * Adds each event once: when this resolves they are kept, and calling again with the same ids adds nothing.
   * @throws TypedError EVENTS_WAITING
   */
  async add(events: readonly EngagementEvent[]): Promise<{ added: number; duplicates: number }> {
    let added = 0;
    for (let start = 0; start < events.length; start += batch) {
      const some = events.slice(start, start + batch);
      const keys = [eventKeys.stream, ...some.map(({ at }) => eventKeys.ids(dayOf(at)))];
      const values = some.flatMap((event) => [event.id, JSON.stringify(event)]);
      const options = [remembered, this.#maxWaiting];
      const count = Number(await this.#redis.eval(addNew, keys.length, ...keys, ...options, ...values));
      if (count < 0)
        throw new TypedError(
          "EVENTS_WAITING",
          `${this.#maxWaiting} events wait in Redis to be compacted (KILN_MAX_WAITING_EVENTS)`,
        );
      added += count;
    }
    return { added, duplicates: events.length - added };
  }

  /**
   * The entries that are in the stream now, oldest first.
   * @throws TypedError EVENT_STREAM_INVALID when something else wrote to it
   */
  async *entries(): AsyncGenerator<StreamEntry> {
    const [newest] = await this.#redis.xrevrange(eventKeys.stream, "+", "-", "COUNT", 1);
    if (newest === undefined) return;
    for (let start = "-"; ; ) {
      const entries = await this.#redis.xrange(eventKeys.stream, start, newest[0], "COUNT", batch);
      for (const [entry, fields] of entries) yield { entry, event: parseEntry(entry, fields) };
      if (entries.length < batch) return;
      start = `(${entries.at(-1)![0]}`;
    }
  }

  /** How many entries are in the stream now. */
  async length(): Promise<number> {
    return await this.#redis.xlen(eventKeys.stream);
  }

  /** Removes entries, when the lake has them. */
  async remove(entries: readonly string[]): Promise<void> {
    for (let start = 0; start < entries.length; start += batch)
      await this.#redis.xdel(eventKeys.stream, ...entries.slice(start, start + batch));
  }

  /** Removes what a user did. @returns how many events were removed */
  async forget(user: string): Promise<number> {
    const theirs: string[] = [];
    for await (const { entry, event } of this.entries()) if (event.user === user) theirs.push(entry);
    await this.remove(theirs);
    return theirs.length;
  }
}

function parseEntry(entry: string, fields: readonly string[]): EngagementEvent {
  const text = fields[fields.indexOf("event") + 1] ?? "";
  try {
    return EngagementEvent.parse(JSON.parse(text));
  } catch (cause) {
    throw new TypedError(
      "EVENT_STREAM_INVALID",
      `entry ${entry} of the Redis stream ${eventKeys.stream} is not an event: remove it with XDEL`,
      { cause },
    );
  }
}
