import { type Random, seeded } from "../../base/random.ts";
import { ulid } from "../../base/ulid.ts";
import { type EngagementEvent, EngagementEvent as schema } from "../event.ts";
import type { Audience } from "./audience.ts";
import { type DailyFeed, dailyFeed } from "./daily-feed.ts";
import { makeVideos, makeViewers, type Video, type Viewer } from "./population.ts";
import { react } from "./react.ts";

const dayMs = 86_400_000;
/** The trend of yesterday that is left today. */
const persistence = 0.8;
const feedVersion = "simulated";

/**
 * The events of an audience in the order of time, the same for the same numbers. Memory holds the viewers, the
 * videos and the events of one day.
 */
export function* simulate(audience: Audience): Generator<EngagementEvent> {
  const random = seeded(audience.seed);
  const videos = makeVideos(audience, random);
  const viewers = makeViewers(audience, random);
  const start = Date.parse(audience.firstDay);
  let logTrends = new Float64Array(audience.topics);
  for (let day = 0; day < audience.days; day++) {
    logTrends = logTrends.map((trend) => persistence * trend + audience.trendVolatility * random.normal());
    const feed = dailyFeed(videos, day, logTrends.map(Math.exp), audience);
    const midnight = start + day * dayMs;
    const events: EngagementEvent[] = [];
    for (const viewer of viewers) {
      if (viewer.joinsOn > day) continue;
      for (let left = random.poisson(viewer.sessionsPerDay); left > 0; left--)
        events.push(...session({ viewer, videos, feed, midnight, audience, random }));
    }
    yield* events.toSorted((one, other) => one.at - other.at);
  }
}

type Setting = {
  viewer: Viewer;
  videos: readonly Video[];
  feed: DailyFeed;
  midnight: number;
  audience: Audience;
  random: Random;
};

/** A viewer opens the app once; one who leaves at a place does not see the later ones. */
function* session({ viewer, videos, feed, midnight, audience, random }: Setting): Generator<EngagementEvent> {
  let time = midnight + startOfSession(random);
  const name = ulid(time, random.bytes(10));
  const event = (fields: Record<string, unknown>) =>
    schema.parse({ id: ulid(time, random.bytes(10)), at: time, user: viewer.id, session: name, ...fields });
  let mood = moodOf(viewer, audience, random);
  let watching = true;
  for (let position = 0; position < audience.slate; position++) {
    const shown = feed.draw(mood, viewer.seen, random);
    if (shown === undefined) return;
    const video = videos[shown.video]!;
    viewer.seen.add(shown.video);
    const { source, propensity } = shown;
    const impression = { type: "impression", video: video.id, source, position, propensity };
    yield event({ ...impression, modelVersion: feedVersion });
    watching &&= random.next() < audience.examination;
    if (!watching) continue;
    const reactions = react(viewer, video, random);
    // Events are yielded day by day, so no view may extend into the next day.
    if (time + reactions.watchedMs >= midnight + dayMs) return;
    time += reactions.watchedMs;
    yield event({ type: "watch", video: video.id, watchedMs: reactions.watchedMs, totalMs: video.lengthMs });
    for (const type of reactions.signs)
      yield event({ type, video: video.id, ...(type === "follow" ? { creator: video.creator } : {}) });
    if (random.next() < audience.moodChange) mood = moodOf(viewer, audience, random);
  }
}

function moodOf({ taste }: Viewer, audience: Audience, random: Random): Float64Array {
  const whim = random.dirichlet(audience.tasteConcentration, audience.topics);
  return taste.map((share, topic) => (share + whim[topic]!) / 2);
}

/** Milliseconds after midnight UTC: mainly in the evening. */
function startOfSession(random: Random): number {
  const hour = 19 + 4 * random.normal();
  return Math.floor(Math.min(23.5, Math.max(0, hour)) * 3_600_000);
}
