import { PrincipalId } from "@kiln/client/network/principal-id";
import { lakeDays } from "../../events/lake/lake.ts";
import type { Applied, PushedFeed, RecommenderClient } from "../../ic/canisters/recommender-client.ts";
import { lakeInteractions } from "../../ml/datasets/interactions.ts";
import type { EngineChoice } from "../../ml/engines/engine.ts";
import type { LoadOptions } from "../../ml/models/stored/load-recommender.ts";
import type { Activation } from "../../ml/registry/activation.ts";
import type { Registry } from "../../ml/registry/registry.ts";
import { withFresh } from "../selection/fresh-places.ts";
import { loadServedModel, type ServedModel } from "../sources/served-model.ts";

/** The feed for viewers without one of their own. */
export const globalSegment = "global";

/** Videos of a feed that is pushed: the index takes up to 500. */
const feedLength = { segment: 500, viewer: 100 };
/** Days of the lake whose viewers get a feed of their own. */
const activeDays = 14;

/** The result of a push. */
export type Pushed = { version: string; scores: Applied; feeds: Applied; viewers: number };

/**
 * Pushes the active version's order into the content index: a place for every video, the feed of the segment `global`
 * in the same order with new videos between, and a feed for every recent viewer who is known by a principal. Places and segment belong to an
 * activation: pushed again they change nothing, and a rollback brings the former ones back. Viewers' feeds are new at
 * every push.
 * @param now milliseconds since 1970
 * @throws TypedError as `loadServedModel` and RecommenderClient
 */
export async function pushVersion({
  registry,
  activation,
  engine,
  lake,
  client,
  content,
  fresh = [],
  freshShare = 0,
  now = Date.now(),
}: {
  registry: Registry;
  activation: Activation;
  engine: EngineChoice;
  lake: string;
  client: RecommenderClient;
  /** Of videos that the version may not know. */
  content?: LoadOptions["content"];
  /** Videos that have just been published, newest first, and the share of the global feed's places for those that the version has not learned. */
  fresh?: readonly string[];
  freshShare?: number;
  now?: number;
}): Promise<Pushed> {
  const version = activation.active;
  const served = await loadServedModel(registry, version, { engine, content });
  const run = { modelVersion: version, sequence: Date.parse(activation.history.at(-1)!.at) };
  const places = served.global.map((id, at) => ({ id, top: served.global.length - at }));
  const scores = await client.updateScores(run, places);
  const everybody = {
    target: { segment: globalSegment },
    videos: withFresh(
      served.global,
      fresh.filter((video) => !served.learned.has(video)),
      freshShare,
    ).slice(0, feedLength.segment),
  };
  const own = await viewerFeeds(served, lake);
  const feeds = sum(
    await client.pushFeeds(run, [everybody]),
    await client.pushFeeds({ ...run, sequence: now }, own),
  );
  return { version, scores, feeds, viewers: own.length };
}

async function viewerFeeds(served: ServedModel, lake: string): Promise<PushedFeed[]> {
  const [from] = (await lakeDays(lake)).slice(-activeDays);
  if (from === undefined) return [];
  const chosen = new Map<string, Set<string>>();
  for await (const { user, item, retracts } of lakeInteractions(lake, { from })) {
    if (!chosen.has(user)) chosen.set(user, new Set());
    if (retracts) chosen.get(user)!.delete(item);
    else chosen.get(user)!.add(item);
  }
  const feeds: PushedFeed[] = [];
  for (const [user, own] of chosen) {
    if (!PrincipalId.safeParse(user).success) continue;
    const videos = await served.recommend([...own], own, feedLength.viewer);
    if (videos.length > 0) feeds.push({ target: { user }, videos });
  }
  return feeds;
}

const sum = (one: Applied, other: Applied): Applied => ({
  applied: one.applied + other.applied,
  stale: one.stale + other.stale,
  unknown: one.unknown + other.unknown,
});
