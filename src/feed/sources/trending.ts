import { TypedError } from "../../base/typed-error.ts";
import { lakeDays } from "../../events/lake/lake.ts";
import { collectDataset } from "../../ml/dataset.ts";
import { lakeInteractions } from "../../ml/datasets/interactions.ts";
import { BaselineParameters } from "../../ml/models/parameters.ts";
import { fitTrending } from "../../ml/models/trending.ts";
import { topItems } from "../../ml/top-items.ts";

/** What is older has lost nearly all its weight. */
const days = 14;
const longest = 1_000;

/** What many choose now, best first, by the last two weeks that the lake has; nothing where it is empty. */
export async function trendingVideos(lake: string): Promise<string[]> {
  const [from] = (await lakeDays(lake)).slice(-days);
  if (from === undefined) return [];
  const dataset = await collectDataset(lakeInteractions(lake, { from })).catch((error) => {
    if (error instanceof TypedError && error.code === "DATASET_EMPTY") return undefined;
    throw error;
  });
  if (dataset === undefined) return [];
  const trending = fitTrending(dataset, BaselineParameters.parse({}).trending);
  const scores = await trending.score([new Int32Array(0)]);
  return Array.from(topItems(scores, longest), (item) => dataset.items[item]!);
}
