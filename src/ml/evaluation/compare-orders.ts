import type { Dataset } from "../dataset.ts";
import { historyOf } from "../dataset.ts";
import { fuseRanks } from "../models/ranker/fuse-ranks.ts";
import { objectiveNames, valueOfImpression } from "../models/ranker/objectives.ts";
import type { Ranker } from "../models/ranker/ranker.ts";
import { featureNames, type RankingExample } from "../models/ranker/ranking-features.ts";
import type { Recommender } from "../models/recommender.ts";
import { drawUsers } from "../split.ts";
import { areaUnderCurve } from "./area-under-curve.ts";

/** The chance that of two impressions of one viewer the long view stands above the other, by each order. */
export type OrderComparison = {
  viewers: number;
  impressions: number;
  /** As the model alone orders them. */
  unranked: number;
  /** As a feed with the ranker does. */
  ranked: number;
};

const longView = objectiveNames.indexOf("longView");
const position = featureNames.indexOf("position");
const limits = { viewers: 2_000, batch: 50 };

/**
 * Compares two orders of later impressions: the model's, and the feed's, which also uses the ranker.
 * @param train what the model has learned from
 * @returns nothing where no viewer has both long views and others
 * @source Zhu et al., "Optimized Cost per Click in Taobao Display Advertising", 2017 (AUC by user, weighted)
 */
export async function compareOrders(
  { model, ranker }: { model: Recommender; ranker: Ranker },
  train: Dataset,
  impressions: readonly RankingExample[],
): Promise<OrderComparison | undefined> {
  const users = new Map(train.users.map((name, user) => [name, user]));
  const items = new Map(train.items.map((name, item) => [name, item]));
  const viewers = [...Map.groupBy(impressions, ({ user }) => user)].filter(
    ([user, own]) => users.has(user) && isMixed(own),
  );
  const drawn = drawUsers(new Set(viewers.map(([user]) => user)), limits.viewers);
  const compared = viewers.filter(([user]) => drawn.has(user));
  if (compared.length === 0) return undefined;
  const sums = { impressions: 0, unranked: 0, ranked: 0 };
  for (let start = 0; start < compared.length; start += limits.batch) {
    const some = compared.slice(start, start + limits.batch);
    const scores = await model.score(some.map(([user]) => historyOf(train, users.get(user)!)));
    for (const [row, [, own]] of some.entries()) {
      const scoreOf = ({ video }: RankingExample) => {
        const item = items.get(video);
        return item === undefined ? Number.NEGATIVE_INFINITY : scores[row * model.items + item]!;
      };
      const unranked = own.toSorted((one, other) => scoreOf(other) - scoreOf(one) || 0);
      const ranked = fuseRanks(await valuesOf(ranker, unranked)).map((place) => unranked[place]!);
      sums.impressions += own.length;
      sums.unranked += own.length * quality(unranked);
      sums.ranked += own.length * quality(ranked);
    }
  }
  return {
    viewers: compared.length,
    impressions: sums.impressions,
    unranked: sums.unranked / sums.impressions,
    ranked: sums.ranked / sums.impressions,
  };
}

const isLong = ({ labels }: RankingExample) => labels[longView]! >= 0.5;

const isMixed = (own: readonly RankingExample[]) => own.some(isLong) && !own.every(isLong);

/** Predicted as before the feed is made, when no position is known. */
async function valuesOf(ranker: Ranker, examples: readonly RankingExample[]): Promise<number[]> {
  const rows = examples.map(({ features }) => {
    const unplaced = features.slice();
    unplaced[position] = 0;
    return unplaced;
  });
  const predicted = await ranker.predict(rows);
  const width = objectiveNames.length;
  return rows.map((_, row) => valueOfImpression(predicted.subarray(row * width, (row + 1) * width)));
}

const quality = (order: readonly RankingExample[]) =>
  areaUnderCurve(
    Float64Array.from(order, (_, place) => -place),
    order.map((example) => (isLong(example) ? 1 : 0)),
  )!;
