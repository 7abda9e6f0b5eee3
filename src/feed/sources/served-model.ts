import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openEngine } from "../../ml/engines/open-engine.ts";
import { Ranker, readRanker } from "../../ml/models/ranker/ranker.ts";
import { GlobalRanking, globalRankingName } from "../../ml/models/stored/global-ranking.ts";
import { type LoadOptions, loadRecommender } from "../../ml/models/stored/load-recommender.ts";
import { type Registry, verifyVersion, versionFolder } from "../../ml/registry/registry.ts";
import { topItems } from "../../ml/top-items.ts";

/** A version that is loaded; disposing it frees the memory of its engine. */
export type ServedModel = Disposable & {
  version: string;
  /** What viewers like overall, best first: for viewers without history. */
  global: readonly string[];
  /** All videos that it can propose. */
  videos: readonly string[];
  /** The videos that it was trained on; others it knows by their content at most. */
  learned: ReadonlySet<string>;
  /** How a viewer reacts to a video; absent where the version has no ranker. */
  ranker?: Ranker;
  /**
   * @param chosen what the viewer chose, oldest first; videos that the model does not know are left out
   * @param seen is not proposed again
   * @returns the best videos, none when the model knows nothing of what was chosen
   */
  recommend(chosen: readonly string[], seen: ReadonlySet<string>, count: number): Promise<string[]>;
  /** The videos that viewers of any of these are most likely to choose next. */
  similar(videos: readonly string[]): Promise<ReadonlySet<string>>;
};

/** How many videos count as similar to one: a share of the catalogue, at most a number. */
const similarShare = 0.05;
const maxSimilar = 50;

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
    videos: items,
    learned,
    ...(ranker ? { ranker } : {}),
    async recommend(chosen, seen, count) {
      const history = Int32Array.from(known(chosen));
      if (history.length === 0) return [];
      const scores = await recommender.score([history]);
      for (const item of known(seen)) scores[item] = Number.NEGATIVE_INFINITY;
      return Array.from(topItems(scores, count), (item) => items[item]!);
    },
    async similar(videos) {
      const own = known(videos);
      const count = Math.min(maxSimilar, Math.ceil(similarShare * items.length));
      const scores = await recommender.score(own.map((item) => Int32Array.of(item)));
      const found = own.flatMap((item, row) => {
        const scored = scores.subarray(row * recommender.items, (row + 1) * recommender.items);
        scored[item] = Number.NEGATIVE_INFINITY;
        // A weight of 0 is no similarity.
        const isFound = (other: number) => recommender.scale !== "weights" || scored[other]! > 0;
        return Array.from(topItems(scored, count)).filter(isFound);
      });
      return new Set(found.map((item) => items[item]!));
    },
    [Symbol.dispose]() {
      recommender[Symbol.dispose]?.();
      ranker?.[Symbol.dispose]();
    },
  };

  function known(videos: Iterable<string>): number[] {
    return [...videos].flatMap((video) => numbers.get(video) ?? []);
  }
}
