import type { Redis } from "ioredis";

/** The Redis keys of this file. Number: impressions of a video that is new. */
const exposureKey = (video: string): string => `kiln:exposure:${video}`;

/** Seconds after the last impression; by then a video is long past being new. */
const keptSeconds = 30 * 86_400;

/** How often new videos have been shown, by all hosts together. */
export class Exposures {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** Impressions of each video, in the same order. */
  async of(videos: readonly string[]): Promise<number[]> {
    if (videos.length === 0) return [];
    return (await this.#redis.mget(videos.map(exposureKey))).map((count) => Number(count ?? 0));
  }

  async add(videos: readonly string[]): Promise<void> {
    if (videos.length === 0) return;
    const pipeline = this.#redis.multi();
    for (const video of videos) pipeline.incr(exposureKey(video)).expire(exposureKey(video), keptSeconds);
    await pipeline.exec();
  }
}
