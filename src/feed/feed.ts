import type { Random } from "../base/random.ts";
import { TypedError } from "../base/typed-error.ts";
import { ulid } from "../base/ulid.ts";
import { type EngagementEvent, EngagementEvent as Schema } from "../events/event.ts";
import type { EventStream } from "../events/event-stream.ts";
import type { RankingFeatures } from "../ml/models/ranker/ranking-features.ts";
import type { Candidate, Eligible } from "./candidate.ts";
import { type Gate, openGate } from "./filters/gate.ts";
import type { Visibility } from "./filters/visibility.ts";
import { rerank } from "./ranking/rerank.ts";
import { explorerOf } from "./selection/explorer.ts";
import { isFreshPlace } from "./selection/fresh-places.ts";
import { type Placed, select } from "./selection/select.ts";
import { blend } from "./sources/blend.ts";
import type { ModelLease } from "./sources/model-lease.ts";
import { propose } from "./sources/propose.ts";
import type { ServedModel } from "./sources/served-model.ts";
import { type StageCount, Stages } from "./stages.ts";
import type { Catalogue } from "./state/catalogue.ts";
import type { Exposures } from "./state/exposures.ts";
import { unknownViewer, type Viewer } from "./state/viewer.ts";
import type { ReadViewer, Viewers } from "./state/viewers.ts";

export type FeedDependencies = {
  viewers: Viewers;
  exposures: Exposures;
  stream: EventStream;
  /** Leased for every feed, so that a model is freed after the last feed that uses it. */
  model: () => ModelLease;
  /** Best first. */
  trending: () => readonly string[];
  /** Videos that have just been published, newest first. */
  fresh: () => readonly string[];
  /** The share of places for those among them that have had fewer than `freshImpressions`. */
  freshShare: number;
  freshImpressions: number;
  /** What exploration draws from. */
  catalogue: () => Catalogue;
  /** What the ranker needs; without it the order is that of the sources. */
  engagement?: () => RankingFeatures | undefined;
  visibility: Visibility;
  exploration: number;
  random: Random;
  /** Called when Redis does not answer, or takes no impressions: the feed is served all the same. */
  onDegraded?: (error: unknown) => void;
};

export type FeedRequest = { user: string; limit: number /** Milliseconds since 1970. */; now: number };

export type Feed = {
  modelVersion: string | null;
  items: Placed[];
  /**
   * What was missing: `viewer` when Redis does not answer, so videos may be repeated and nothing is logged; `log` when the
   * impressions could not be logged.
   */
  degraded: ("viewer" | "log")[];
  stages: StageCount[];
};

/** A feed whose places are reserved and logged; `items` and `impressions` go together. */
export type ServedFeed = Feed & { id: string; impressions: EngagementEvent[] };

/** Candidates for each place. */
const poolFactor = 3;
/** Proposals of each source for each candidate: what filters may remove. */
const proposalFactor = 4;
/** What is like the disliked videos that were marked last, so many each. */
const dislikedAtOnce = 3;
/** Feeds of one viewer at the same time that may collide before one is refused. */
const maxAttempts = 16;

/**
 * What to show to a viewer next: state, sources, filters, ranking, selection. Its places are reserved in one step, so
 * that feeds at the same time do not repeat each other, and logged as impressions.
 * @throws TypedError FEED_BUSY when other feeds of the viewer interfered too often
 */
export async function feed(dependencies: FeedDependencies, request: FeedRequest): Promise<ServedFeed> {
  const { viewers, exposures, stream, random } = dependencies;
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const { token, candidates, ...made } = await compose(dependencies, request);
    const id = ulid(request.now, random.bytes(10));
    if (token === undefined) return { ...made, id, impressions: [] };
    const impressions = impressionsOf(made.items, { id, candidates, random, ...request });
    if (!(await viewers.reserve(request.user, token, impressions))) continue;
    try {
      await stream.add(impressions);
      const fresh = new Set(dependencies.fresh());
      await exposures.add(made.items.flatMap(({ video }) => (fresh.has(video) ? [video] : [])));
      return { ...made, id, impressions };
    } catch (error) {
      dependencies.onDegraded?.(error);
      return { ...made, degraded: ["log"], id, impressions: [] };
    }
  }
  throw new TypedError("FEED_BUSY", "too many feeds of this viewer at the same time: try again");
}

/** The same feed without any effect. */
export async function previewFeed(dependencies: FeedDependencies, request: FeedRequest): Promise<Feed> {
  const { token: _token, candidates: _candidates, ...made } = await compose(dependencies, request);
  return made;
}

type Composed = Feed & {
  /** For the reservation; absent without Redis. */
  token: string | undefined;
  /** Everything that could have been selected but by exploration, best first. */
  candidates: readonly Candidate[];
};

async function compose(dependencies: FeedDependencies, { user, limit, now }: FeedRequest): Promise<Composed> {
  const { trending, visibility, freshShare, exploration, random } = dependencies;
  using lease = dependencies.model();
  const { model } = lease;
  const stages = new Stages();
  const read = await readViewer(dependencies, user);
  const viewer = read?.viewer ?? unknownViewer;
  const gate = await openGate(viewer, visibility);

  const count = poolFactor * limit;
  const proposals = await propose({ model, trending: trending() }, viewer, proposalFactor * count);
  const proposed = proposals.reduce((sum, { candidates }) => sum + candidates.length, 0);
  const blended = await stages.run("sources", proposed, () => blend(proposals));
  const ordered = await stages.run("dislikes", blended.length, () => unlikeDisliked(blended, viewer, model));
  const pool = await stages.run("filters", ordered.length, () => fill(ordered, gate, count));
  const { ranker } = model ?? {};
  const known = dependencies.engagement?.();
  const ranked = await stages.run("ranking", pool.length, () =>
    ranker && known ? rerank(pool, { ranker, known, user, now }) : pool,
  );
  const fresh = await stages.run("fresh", dependencies.fresh().length, () =>
    freshShare > 0 ? freshFor(dependencies, gate) : [],
  );
  const explorer = explorerOf(dependencies.catalogue(), viewer, { gate, visibility, random });
  let items = await stages.run("selection", ranked.length + fresh.length, () =>
    select(ranked, {
      ...{ limit, exploration, random, fresh, explorer },
      isFresh: (position) => isFreshPlace(viewer.seen.size + position, freshShare),
    }),
  );
  if (items.length === 0)
    items = await stages.run("replay", viewer.seen.size, () => replay(viewer, gate, limit));
  return {
    ...{ modelVersion: model?.version ?? null, items, degraded: read ? [] : ["viewer"] },
    ...{ stages: stages.counts, token: read?.token },
    candidates: [...ranked, ...fresh.map(({ candidate }) => candidate)],
  };
}

async function readViewer(
  { viewers, onDegraded }: FeedDependencies,
  user: string,
): Promise<ReadViewer | undefined> {
  try {
    return await viewers.read(user);
  } catch (error) {
    onDegraded?.(error);
    return undefined;
  }
}

/** Moves what is like the videos that the viewer disliked last behind everything else. */
async function unlikeDisliked(
  candidates: readonly Candidate[],
  { disliked }: Viewer,
  model: ServedModel | undefined,
): Promise<Candidate[]> {
  const last = [...disliked].slice(-dislikedAtOnce);
  const similar = (last.length > 0 && (await model?.similar(last))) || new Set<string>();
  return partitioned(candidates, ({ video }) => !similar.has(video));
}

/** The first `count` that pass; those whose author is unwelcome only where others do not suffice. */
async function fill(candidates: readonly Candidate[], gate: Gate, count: number): Promise<Eligible[]> {
  const welcome: Eligible[] = [];
  const unwelcome: Eligible[] = [];
  for (let start = 0; start < candidates.length && welcome.length < count; start += count)
    for (const candidate of await gate.pass(candidates.slice(start, start + count)))
      (gate.isUnwelcome(candidate.author) ? unwelcome : welcome).push(candidate);
  return [...welcome, ...unwelcome].slice(0, count);
}

/** Videos that have not had their impressions, each with those that it still lacks. */
async function freshFor(
  { fresh, freshImpressions, exposures, onDegraded }: FeedDependencies,
  gate: Gate,
): Promise<{ candidate: Eligible; weight: number }[]> {
  const videos = fresh();
  const shown = await exposures.of(videos).catch((error) => {
    onDegraded?.(error);
    return videos.map(() => 0);
  });
  const lacking = new Map(
    videos.flatMap((video, at) =>
      shown[at]! < freshImpressions ? [[video, freshImpressions - shown[at]!]] : [],
    ),
  );
  const candidates = [...lacking.keys()].map((video) => ({ video, source: "fresh" }) as const);
  return (await gate.pass(candidates))
    .filter(({ author }) => !gate.isUnwelcome(author))
    .map((candidate) => ({ candidate, weight: lacking.get(candidate.video)! }));
}

/** When everything has been seen: of the videos that were seen longest ago first those that the viewer chose. */
async function replay(viewer: Viewer, gate: Gate, limit: number): Promise<Placed[]> {
  const chosen = new Set(viewer.chosen);
  const seen = [...viewer.seen].map((video) => ({ video, source: "replay" }) as const);
  const oldest: Eligible[] = [];
  for (let start = 0; start < seen.length && oldest.length < poolFactor * limit; start += 100)
    oldest.push(...(await gate.pass(seen.slice(start, start + 100), "seen")));
  return partitioned(oldest.slice(0, poolFactor * limit), ({ video }) => chosen.has(video))
    .slice(0, limit)
    .map(({ video, source }, position) => ({ video, source, position, propensity: 1 }));
}

const partitioned = <Value>(values: readonly Value[], isFirst: (value: Value) => boolean): Value[] => [
  ...values.filter(isFirst),
  ...values.filter((value) => !isFirst(value)),
];

function impressionsOf(
  items: readonly Placed[],
  {
    id: feed,
    candidates,
    user,
    now,
    random,
  }: FeedRequest & { id: string; candidates: readonly Candidate[]; random: Random },
): EngagementEvent[] {
  const from = JSON.stringify(candidates.map(({ video }) => video));
  return items.map((item) =>
    Schema.parse({
      ...{ id: ulid(now, random.bytes(10)), at: now, type: "impression", user, feed, ...item },
      ...(item.position === 0 ? { candidates: from } : {}),
    }),
  );
}
