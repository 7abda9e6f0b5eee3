import type { Redis } from "ioredis";
import { seeded } from "../../src/base/random.ts";
import { EventStream } from "../../src/events/event-stream.ts";
import type { Candidate, Eligible } from "../../src/feed/candidate.ts";
import type { FeedDependencies } from "../../src/feed/feed.ts";
import { allVisible } from "../../src/feed/filters/visibility.ts";
import { lent } from "../../src/feed/sources/model-lease.ts";
import type { ServedModel } from "../../src/feed/sources/served-model.ts";
import { Catalogue } from "../../src/feed/state/catalogue.ts";
import { Exposures } from "../../src/feed/state/exposures.ts";
import { Viewers } from "../../src/feed/state/viewers.ts";

/** A feed without model, trending or new videos, that explores nothing; of these the given ones differ. */
export const feedDependencies = (
  redis: Redis,
  lake: string,
  others: Partial<FeedDependencies> = {},
): FeedDependencies => ({
  ...{ viewers: new Viewers(redis, lake), exposures: new Exposures(redis), stream: new EventStream(redis) },
  ...{ model: () => lent(undefined), trending: () => [], fresh: () => [], freshShare: 0 },
  ...{ freshImpressions: 100, catalogue: () => new Catalogue([]), visibility: allVisible },
  ...{ exploration: 0, random: seeded(1) },
  ...others,
});

/** A model that proposes its videos in their order to every viewer who has chosen one of them. */
export const servedModel = (videos: readonly string[], others: Partial<ServedModel> = {}): ServedModel => ({
  ...{ version: "20251121T120000Z-00000000", global: videos, videos, learned: new Set(videos) },
  recommend: async (chosen, seen, count) =>
    chosen.some((video) => videos.includes(video))
      ? videos.filter((video) => !seen.has(video)).slice(0, count)
      : [],
  similar: async () => new Set(),
  [Symbol.dispose]() {},
  ...others,
});

/** As if they had passed the filters. */
export const eligible = (candidates: readonly Candidate[]) => candidates as readonly Eligible[];

export const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);
