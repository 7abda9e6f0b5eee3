import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openEngine } from "../../ml/engines/open-engine.ts";
import { Ranker, readRanker } from "../../ml/models/ranker/ranker.ts";
import { GlobalRanking, globalRankingName } from "../../ml/models/stored/global-ranking.ts";
import { type LoadOptions, loadRecommender } from "../../ml/models/stored/load-recommender.ts";
import { type Registry, verifyVersion, versionFolder } from "../../ml/registry/registry.ts";
import { topItems } from "../../ml/top-items.ts";

/** A version that answers. */
export type ServedModel = {
  version: string;
  /** What everybody likes, best first: for viewers of whom nothing is known. */
  global: readonly string[];
  /** The videos that it has learned from; others it knows by their content at most. */
  learned: ReadonlySet<string>;
  /** What comes of showing a video to a viewer; absent where the version has no ranker. */
  ranker?: Ranker;
  /**
   * @param chosen what the viewer chose, oldest first; videos that the model does not know are left out
   * @param seen is not proposed again
   * @returns the best videos, none when the model knows nothing of what was chosen
   */
  recommend(chosen: readonly string[], seen: ReadonlySet<string>, count: number): Promise<string[]>;
};

/**
 * Loads a version whose files are what was registered.
 * @throws TypedError VERSION_UNKNOWN, VERSION_INVALID, VERSION_DAMAGED, MODEL_CORRUPT, ENGINE_ABSENT
 */
export async function loadServedModel(
  registry: Registry,
  version: string,
  options: LoadOptions = {},
): Promise<ServedModel> {
  const { files } = await verifyVersion(registry, version);
  const folder = versionFolder(registry, version);
  const { recommender, items, known: trained } = await loadRecommender(folder, options);
  const learned = new Set(items.slice(0, trained));
  const ranking = await readRanker(folder);
  const { engine = "auto", content: _, ...opening } = options;
  const ranker = ranking && new Ranker(ranking, await openEngine(engine, opening));
  const hasGlobal = files.some(({ path }) => path === globalRankingName);
  const global = hasGlobal
    ? GlobalRanking.parse(JSON.parse(await readFile(join(folder, globalRankingName), "utf8")))
    : [];
  const numbers = new Map(items.map((name, item) => [name, item]));
  return {
    version,
    global: global.map(({ video }) => video),
    learned,
    ...(ranker ? { ranker } : {}),
    async recommend(chosen, seen, count) {
      const history = Int32Array.from(known(chosen));
      if (history.length === 0) return [];
      const scores = await recommender.score([history]);
      for (const item of known(seen)) scores[item] = Number.NEGATIVE_INFINITY;
      return Array.from(topItems(scores, count), (item) => items[item]!);
    },
  };

  function known(videos: Iterable<string>): number[] {
    return [...videos].flatMap((video) => numbers.get(video) ?? []);
  }
}
