import type { EngagementEvent } from "../../../events/event.ts";
import { longViewShare, type Objective, objectiveNames, skipShare } from "./objectives.ts";

/** What the ranker sees of a user, a video and a moment, all of it known before the impression. */
export const featureNames = [
  "videoImpressions",
  "videoLongViews",
  "videoLikes",
  "videoShares",
  "videoSkips",
  "videoAge",
  "videoLength",
  "userImpressions",
  "userLongViews",
  "userLikes",
  "userSkips",
  "hourSine",
  "hourCosine",
  "position",
] as const;

export type RankingExample = {
  user: string;
  video: string;
  /** Milliseconds since 1970. */
  at: number;
  /** In the order of featureNames. */
  features: Float32Array;
  /** In the order of objectiveNames. */
  labels: Float32Array;
};

type Counts = { impressions: number; longViews: number; likes: number; shares: number; skips: number };
type VideoCounts = Counts & { firstSeen: number; lengthMs: number };

const hourMs = 3_600_000;
/** Later reactions are not attributed to an impression. */
const settleMs = hourMs;
/** Rates begin here, as if so many impressions had been seen: one like of one impression is not a rate of 1. */
const prior = { impressions: 20, rate: 0.1 };

/** Counts engagement as it comes; its features hold only what was known at that moment, never the future. */
export class RankingFeatures {
  readonly #users = new Map<string, Counts>();
  readonly #videos = new Map<string, VideoCounts>();

  /** @param position of the impression in its feed; 0 when a feed is still to be made, so that it biases nothing */
  at(user: string, video: string, time: number, position = 0): Float32Array {
    const viewer = this.#users.get(user) ?? none();
    const shown = this.#videos.get(video) ?? { ...none(), firstSeen: time, lengthMs: 0 };
    const angle = (2 * Math.PI * (time % (24 * hourMs))) / (24 * hourMs);
    return Float32Array.of(
      Math.log1p(shown.impressions),
      rate(shown, "longViews"),
      rate(shown, "likes"),
      rate(shown, "shares"),
      rate(shown, "skips"),
      Math.log1p((time - shown.firstSeen) / hourMs),
      Math.log1p(shown.lengthMs / 1000),
      Math.log1p(viewer.impressions),
      rate(viewer, "longViews"),
      rate(viewer, "likes"),
      rate(viewer, "skips"),
      Math.sin(angle),
      Math.cos(angle),
      Math.log1p(position),
    );
  }

  observe(event: EngagementEvent): void {
    const viewer = entry(this.#users, event.user, none);
    const shown = entry(this.#videos, event.video, () => ({ ...none(), firstSeen: event.at, lengthMs: 0 }));
    if (event.type === "watch") shown.lengthMs = event.totalMs;
    for (const counts of [viewer, shown]) {
      if (event.type === "impression") counts.impressions++;
      if (event.type === "like") counts.likes++;
      if (event.type === "unlike") counts.likes = Math.max(0, counts.likes - 1);
      if (event.type === "share") counts.shares++;
      if (skipped(event)) counts.skips++;
      if (event.type === "watch" && watchedShare(event) >= longViewShare) counts.longViews++;
    }
  }
}

/**
 * Impressions with what was known before and how the viewer reacted, in the order in which they are settled. Memory: the
 * counts, and the impressions of the last hour.
 * @param events in the order of time
 */
export async function* rankingExamples(
  events: AsyncIterable<EngagementEvent> | Iterable<EngagementEvent>,
): AsyncGenerator<RankingExample> {
  const known = new RankingFeatures();
  const open = new Map<string, RankingExample>();
  for await (const event of events) {
    const { user, video, at } = event;
    for (const [key, example] of open) {
      if (example.at + settleMs >= at) break;
      open.delete(key);
      yield example;
    }
    const key = `${user}\n${video}`;
    if (event.type === "impression") {
      const shown = open.get(key);
      if (shown) yield shown;
      // Deleted first, so that the map stays in the order of time.
      open.delete(key);
      const features = known.at(user, video, at, event.position);
      open.set(key, { user, video, at, features, labels: new Float32Array(objectiveNames.length) });
    } else {
      const example = open.get(key);
      if (example) label(example.labels, event);
    }
    known.observe(event);
  }
  yield* open.values();
}

function label(labels: Float32Array, event: EngagementEvent): void {
  const set = (name: Objective, value: number) => {
    labels[objectiveNames.indexOf(name)] = value;
  };
  if (event.type === "watch") {
    set("watchFraction", watchedShare(event));
    set("longView", watchedShare(event) >= longViewShare ? 1 : 0);
  }
  if (skipped(event)) set("skip", 1);
  if (event.type === "like") set("like", 1);
  if (event.type === "unlike") set("like", 0);
  if (event.type === "share") set("share", 1);
  if (event.type === "follow") set("follow", 1);
  if (event.type === "hot_vote") set("hotVote", 1);
  if (event.type === "not_interested" || event.type === "report") set("negative", 1);
}

const watchedShare = ({ watchedMs, totalMs }: EngagementEvent & { type: "watch" }) =>
  Math.min(1, watchedMs / totalMs);

const skipped = (event: EngagementEvent) =>
  event.type === "skip" || (event.type === "watch" && watchedShare(event) < skipShare);

const none = (): Counts => ({ impressions: 0, longViews: 0, likes: 0, shares: 0, skips: 0 });

const rate = (counts: Counts, of: Exclude<keyof Counts, "impressions">) =>
  (counts[of] + prior.impressions * prior.rate) / (counts.impressions + prior.impressions);

function entry<Value>(map: Map<string, Value>, key: string, create: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const created = create();
  map.set(key, created);
  return created;
}
