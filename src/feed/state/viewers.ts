import type { Redis } from "ioredis";
import type { EngagementEvent } from "../../events/event.ts";
import { ViewerDigests } from "../../events/lake/viewer-digests.ts";
import { entryOf, maxEntries } from "../../events/viewer-entry.ts";
import { type Viewer, viewerOf } from "./viewer.ts";

/** The Redis keys of this file. List: entries as viewer-entry.ts writes them, in the order of arrival. */
export const viewerKey = (user: string): string => `kiln:viewer:${user}`;

/** Seconds: viewers who stay away for so long are restored from the lake's digest. */
const keptSeconds = 30 * 86_400;

/** An entry that shows that the list holds what the lake knew of the viewer. */
const restored = "-";

/** A viewer as read, and what the list looked like then, by which `reserve` recognises a concurrent change. */
export type ReadViewer = { viewer: Viewer; token: string };

/** KEYS the list; ARGV its expected token, entries to keep, seconds to keep them, the entries. */
const appendIfUnchanged = `
  local token = redis.call("LLEN", KEYS[1]) .. " " .. (redis.call("LINDEX", KEYS[1], -1) or "")
  if token ~= ARGV[1] then return 0 end
  redis.call("RPUSH", KEYS[1], unpack(ARGV, 4))
  redis.call("LTRIM", KEYS[1], -tonumber(ARGV[2]), -1)
  redis.call("EXPIRE", KEYS[1], ARGV[3])
  return 1`;

/** What viewers have seen and chosen, in Redis; whoever is not there is restored from a digest in the lake. */
export class Viewers {
  readonly #redis: Redis;
  readonly #digests: ViewerDigests;

  constructor(redis: Redis, lake: string) {
    this.#redis = redis;
    this.#digests = new ViewerDigests(lake);
  }

  async get(user: string): Promise<Viewer> {
    return (await this.read(user)).viewer;
  }

  async read(user: string): Promise<ReadViewer> {
    const key = viewerKey(user);
    let entries = await this.#redis.lrange(key, 0, -1);
    // A full list has lost the mark, and the lake knows nothing newer.
    if (entries.length < maxEntries && !entries.includes(restored)) {
      const known = this.#digests.get(user);
      await this.#run((pipeline) =>
        pipeline
          .lpush(key, ...known.toReversed(), restored)
          .ltrim(key, -maxEntries, -1)
          .expire(key, keptSeconds),
      );
      entries = await this.#redis.lrange(key, 0, -1);
    }
    return { viewer: viewerOf(entries), token: `${entries.length} ${entries.at(-1) ?? ""}` };
  }

  /**
   * Adds the impressions of one feed, unless something was added since the viewer was read.
   * @returns false when it was: read again, or two feeds show the same videos
   */
  async reserve(user: string, token: string, impressions: readonly EngagementEvent[]): Promise<boolean> {
    if (impressions.length === 0) return true;
    const entries = impressions.map(entryOf);
    const limits = [token, maxEntries, keptSeconds];
    return (await this.#redis.eval(appendIfUnchanged, 1, viewerKey(user), ...limits, ...entries)) === 1;
  }

  /** Adds events that are stored elsewhere, in one round trip. Adding an event twice changes nothing. */
  async add(events: readonly EngagementEvent[]): Promise<void> {
    await this.#run((pipeline) => {
      for (const [user, own] of Map.groupBy(events, (event) => event.user)) {
        const key = viewerKey(user);
        pipeline
          .rpush(key, ...own.map(entryOf))
          .ltrim(key, -maxEntries, -1)
          .expire(key, keptSeconds);
      }
      return pipeline;
    });
  }

  async forget(user: string): Promise<void> {
    await this.#redis.del(viewerKey(user));
  }

  async #run(fill: (pipeline: ReturnType<Redis["multi"]>) => ReturnType<Redis["multi"]>): Promise<void> {
    const results = await fill(this.#redis.multi()).exec();
    for (const [error] of results ?? []) if (error) throw error;
  }
}
