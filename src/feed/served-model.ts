import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type LoadOptions, loadRecommender } from "../ml/models/stored/load-recommender.ts";
import { GlobalRanking, globalRankingName } from "../ml/registry/global-ranking.ts";
import { type Registry, verifyVersion, versionFolder } from "../ml/registry/registry.ts";
import { topItems } from "../ml/top-items.ts";

/** A version that answers. */
export type ServedModel = {
  version: string;
  /** What everybody likes, best first: for viewers of whom nothing is known. */
  global: readonly string[];
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
  const { recommender, items } = await loadRecommender(folder, options);
  const hasGlobal = files.some(({ path }) => path === globalRankingName);
  const global = hasGlobal
    ? GlobalRanking.parse(JSON.parse(await readFile(join(folder, globalRankingName), "utf8")))
    : [];
  const numbers = new Map(items.map((name, item) => [name, item]));
  return {
    version,
    global: global.map(({ video }) => video),
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
