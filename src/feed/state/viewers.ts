import type { Redis } from "ioredis";
import { isChoice } from "../../events/choice.ts";
import type { EngagementEvent } from "../../events/event.ts";
import { readUser } from "../../events/lake/lake.ts";

/** What a feed knows of a viewer, oldest first, each video once. */
export type Viewer = {
  /** Videos that the viewer chose. */
  chosen: string[];
  /** Videos that the viewer was shown or met in any other way; the chosen ones too. */
  seen: Set<string>;
};

/** The Redis keys of this file. List: `c<video>` for a choice, `s<video>` for any other event, oldest first. */
export const viewerKey = (user: string): string => `kiln:viewer:${user}`;

/** What a model looks at is shorter, and a video that was seen so long ago may come again. */
const remembered = 2_000;

/** Seconds: who does not come for so long is read out of the lake again. */
const kept = 30 * 86_400;

/** A list that exists: nothing is known of the viewer, and the lake need not be asked again. */
const nothing = "-";

/** What viewers have seen and chosen until now: read out of the lake once, then kept up event by event in Redis. */
export class Viewers {
  readonly #redis: Redis;
  readonly #lake: string;

  constructor(redis: Redis, lake: string) {
    this.#redis = redis;
    this.#lake = lake;
  }

  async get(user: string): Promise<Viewer> {
    await this.#ensure(user);
    const chosen = new Set<string>();
    const seen = new Set<string>();
    for (const entry of await this.#redis.lrange(viewerKey(user), 0, -1)) {
      if (entry === nothing) continue;
      const video = entry.slice(1);
      seen.add(video);
      if (entry.startsWith("c")) chosen.add(video);
    }
    return { chosen: [...chosen], seen };
  }

  /** Takes note of events that are kept elsewhere. An event that comes twice changes nothing that `get` says. */
  async add(events: readonly EngagementEvent[]): Promise<void> {
    for (const [user, own] of Map.groupBy(events, (event) => event.user)) {
      await this.#ensure(user);
      await this.#append(user, own.map(entryOf));
    }
  }

  async forget(user: string): Promise<void> {
    await this.#redis.del(viewerKey(user));
  }

  async #ensure(user: string): Promise<void> {
    if ((await this.#redis.expire(viewerKey(user), kept)) === 1) return;
    const entries: string[] = [];
    for await (const event of readUser(this.#lake, user)) entries.push(entryOf(event));
    await this.#append(user, [nothing, ...entries.slice(-remembered)]);
  }

  async #append(user: string, entries: readonly string[]): Promise<void> {
    const key = viewerKey(user);
    const results = await this.#redis
      .multi()
      .rpush(key, ...entries)
      .ltrim(key, -remembered, -1)
      .expire(key, kept)
      .exec();
    for (const [error] of results ?? []) if (error) throw error;
  }
}

const entryOf = (event: EngagementEvent) => `${isChoice(event) ? "c" : "s"}${event.video}`;
