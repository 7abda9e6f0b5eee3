import { type EngagementEvent, EngagementEvent as Schema } from "../events/event.ts";
import type { EventStream } from "../events/event-stream.ts";
import type { Random } from "../events/random.ts";
import { ulid } from "../events/ulid.ts";
import type { Viewer, Viewers } from "../events/viewers.ts";
import type { Candidate } from "./candidate.ts";
import { type Placed, select } from "./select.ts";
import type { ServedModel } from "./served-model.ts";
import type { Visibility } from "./visibility.ts";

export type FeedParts = {
  viewers: Viewers;
  stream: EventStream;
  /** Asked at every feed. */
  model: () => ServedModel | undefined;
  trending: () => readonly string[];
  visibility: Visibility;
  exploration: number;
  random: Random;
};

/** So many candidates for each place: what exploration draws from. */
const poolFactor = 3;

/**
 * What to show to a viewer next: sources (the active model, what is trending), filters (seen, hidden), selection with
 * exploration; what it showed is logged as impressions with their propensities. With no model it still serves.
 * @param now milliseconds since 1970
 */
export async function feed(
  parts: FeedParts,
  { user, limit, now }: { user: string; limit: number; now: number },
): Promise<Placed[]> {
  const { viewers, stream, exploration, random } = parts;
  const viewer = await viewers.get(user);
  const pool = await visible(await candidates(parts, viewer, limit), parts.visibility, poolFactor * limit);
  const placed = select(pool, { limit, exploration, random });
  const impressions = placed.map((place) => impression(place, { user, now, random }));
  await stream.add(impressions);
  await viewers.add(impressions);
  return placed;
}

/** Best first, each video once; videos that the model does not know yet come after it by what is trending. */
async function candidates(
  { model, trending }: FeedParts,
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
