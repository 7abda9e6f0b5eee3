import type { Dataset } from "../dataset.ts";
import { easeLimit, fitEase } from "./ease.ts";
import { fitItemKnn } from "./item-knn.ts";
import { fitMarkov } from "./markov.ts";
import type { BaselineParameters } from "./parameters.ts";
import { fitPopularity } from "./popularity.ts";
import type { Recommender } from "./recommender.ts";
import { fitTrending } from "./trending.ts";

export type BaselineName = "pop" | "trending" | "markov" | "itemknn" | "ease";

type Baseline = {
  fit: (train: Dataset, parameters: BaselineParameters) => Recommender;
  /** Why it cannot learn from this dataset, or undefined. */
  unfit?: (train: Dataset) => string | undefined;
};

/** The models without a network, which every other one is compared with. */
export const baselines: Record<BaselineName, Baseline> = {
  pop: { fit: fitPopularity },
  trending: {
    fit: (train, { trending }) => fitTrending(train, trending),
    unfit: ({ times }) => (times === undefined ? "the interactions have no times" : undefined),
  },
  markov: { fit: (train, { markov }) => fitMarkov(train, markov) },
  itemknn: { fit: (train, { itemKnn }) => fitItemKnn(train, itemKnn) },
  ease: {
    fit: (train, { ease }) => fitEase(train, ease),
    unfit: ({ items }) =>
      items.length > easeLimit ? `${items.length} items are more than its ${easeLimit}` : undefined,
  },
};

export const baselineNames = Object.keys(baselines) as BaselineName[];
