import type { Random } from "../base/random.ts";
import { ulid } from "../base/ulid.ts";
import { type EngagementEvent, EngagementEvent as Schema } from "../events/event.ts";
import type { EventStream } from "../events/event-stream.ts";
import type { RankingFeatures } from "../ml/models/ranker/ranking-features.ts";
import type { Candidate } from "./candidate.ts";
import type { Visibility } from "./filters/visibility.ts";
import { rerank } from "./ranking/rerank.ts";
import { isFreshPlace } from "./selection/fresh-places.ts";
import { type Placed, select } from "./selection/select.ts";
import type { ServedModel } from "./sources/served-model.ts";
import type { Viewer, Viewers } from "./state/viewers.ts";

export type FeedDependencies = {
  viewers: Viewers;
  stream: EventStream;
  /** Asked at every feed. */
  model: () => ServedModel | undefined;
  trending: () => readonly string[];
  /** Videos that have just been published, newest first. */
  fresh: () => readonly string[];
  /** The share of places for those among them that nobody has chosen yet. */
  freshShare: number;
  /** What the ranker must know; without it the order is that of the sources. */
  engagement?: () => RankingFeatures | undefined;
  visibility: Visibility;
  exploration: number;
  random: Random;
};

/** So many candidates for each place: what exploration draws from. */
const poolFactor = 3;

/**
 * What to show to a viewer next: sources (the active model, what is trending, what is fresh), filters (seen, hidden),
 * the version's ranker, selection with exploration; what it showed is logged as impressions with their propensities.
 * With no model it still serves.
 * @param now milliseconds since 1970
 */
export async function feed(
  dependencies: FeedDependencies,
  { user, limit, now }: { user: string; limit: number; now: number },
): Promise<Placed[]> {
  const { viewers, stream, exploration, random, visibility, freshShare } = dependencies;
  const viewer = await viewers.get(user);
  const pool = await visible(await candidates(dependencies, viewer, limit), visibility, poolFactor * limit);
  const { ranker } = dependencies.model() ?? {};
  const known = dependencies.engagement?.();
  const ranked = ranker && known ? await rerank(pool, { ranker, known, user, now }) : pool;
  const placed = select(ranked, {
    ...{ limit, exploration, random },
    fresh: freshShare > 0 ? await visible(freshFor(dependencies, viewer), visibility, limit) : [],
    isFresh: (position) => isFreshPlace(viewer.seen.size + position, freshShare),
  });
  const impressions = placed.map((place) => impression(place, { user, now, random }));
  await stream.add(impressions);
  await viewers.add(impressions);
  return placed;
}

/** What is new, and what nobody has chosen: neither lately nor in what the model learned from. */
function freshFor({ fresh, trending, model }: FeedDependencies, { seen }: Viewer): Candidate[] {
  const chosen = new Set(trending());
  const learned = model()?.learned;
  return fresh()
    .filter((video) => !chosen.has(video) && !learned?.has(video) && !seen.has(video))
    .map((video) => ({ video, source: "fresh" }));
}

/** Best first, each video once; videos that the model does not know yet come after it by what is trending. */
async function candidates(
  { model, trending }: FeedDependencies,
  { chosen, seen }: Viewer,
  limit: number,
): Promise<Candidate[]> {
  const served = model();
  const wanted = 4 * poolFactor * limit;
  const found = new Map<string, Candidate>();
  const add = (videos: readonly string[], source: Candidate["source"], modelVersion?: string) => {
    for (const video of videos)
      if (!found.has(video) && !seen.has(video))
        found.set(video, { video, source, ...(modelVersion === undefined ? {} : { modelVersion }) });
  };
  if (served !== undefined) {
    add(await served.recommend(chosen, seen, wanted), "sequence", served.version);
    if (found.size === 0) add(served.global, "global", served.version);
  }
  add(trending(), "trending");
  return [...found.values()];
}

async function visible(
  candidates: readonly Candidate[],
  visibility: Visibility,
  count: number,
): Promise<Candidate[]> {
  const pool: Candidate[] = [];
  for (let start = 0; start < candidates.length && pool.length < count; start += count) {
    const some = candidates.slice(start, start + count);
    const shown = await visibility(some.map(({ video }) => video));
    pool.push(...some.filter(({ video }) => shown.has(video)));
  }
  return pool.slice(0, count);
}

function impression(
  { video, source, position, propensity, modelVersion }: Placed,
  { user, now, random }: { user: string; now: number; random: Random },
): EngagementEvent {
  const id = ulid(now, random.bytes(10));
  return Schema.parse({
    id,
    at: now,
    type: "impression",
    user,
    video,
    source,
    position,
    propensity,
    modelVersion,
  });
}
