import { join } from "node:path";
import { collectDataset } from "../src/ml/dataset.ts";
import { type InteractionFormat, readInteractions } from "../src/ml/datasets/interactions.ts";
import type { Engine } from "../src/ml/engines/engine.ts";
import { evaluate } from "../src/ml/evaluation/evaluate.ts";
import { fitMarkov } from "../src/ml/models/markov.ts";
import { fitPopularity } from "../src/ml/models/popularity.ts";
import type { Recommender } from "../src/ml/models/recommender.ts";
import { Transformer } from "../src/ml/models/transformer/transformer.ts";
import { leaveLastOut } from "../src/ml/split.ts";
import type { ModelParameters } from "../src/ml/training/parameters/model-parameters.ts";
import { trainRecommender } from "../src/ml/training/train-recommender.ts";
import type { NetworkProgress } from "../src/ml/training/training-task.ts";

export type RecommendFigure = {
  model: string;
  /** Absent for models that have none. */
  seed?: number;
  ndcg: number;
  hitRate: number;
  /** NDCG@10 on the validation items, on which everything was chosen. */
  validation?: number;
  seconds?: number;
};

export type RecommendOptions = {
  interactions: string;
  format: InteractionFormat;
  parameters: ModelParameters;
  seeds: readonly number[];
  engine: Engine;
  /** Checkpoints go there; a run that was broken off goes on from them. */
  folder: string;
  onProgress: (progress: NetworkProgress) => void;
  onFigure: (figure: RecommendFigure) => void;
  signal: AbortSignal;
};

/**
 * The published protocol: each user's last item is asked for, ranked among the whole catalogue but the history; the
 * second-last chooses; everything is learned from what lies before.
 */
export async function recommendFigures(options: RecommendOptions): Promise<RecommendFigure[]> {
  const { parameters, signal } = options;
  const dataset = await collectDataset(readInteractions(options.interactions, options.format));
  const test = leaveLastOut(dataset, "test");
  const figures: RecommendFigure[] = [];
  const measure = async (model: Recommender, more: Partial<RecommendFigure> = {}) => {
    const { full } = await evaluate(model, test, { signal });
    const [ndcg, hitRate] = [full["NDCG@10"].mean, full["HR@10"].mean];
    const figure = { model: model.name, ndcg, hitRate, ...more };
    figures.push(figure);
    options.onFigure(figure);
  };
  await measure(fitPopularity(test.train));
  await measure(fitMarkov(test.train, parameters.baselines.markov));
  const learnedFrom = leaveLastOut(dataset, "test", "train and validation").train;
  for (const seed of options.seeds) {
    const { recommender, networks } = await trainRecommender(learnedFrom, {
      ...{ kind: "ensemble", parameters, seed, signal, resume: true, markovLearnsFrom: "train" },
      engine: async () => options.engine,
      checkpoints: join(options.folder, `seed${seed}`),
      onProgress: ({ bestNdcg, ...progress }) =>
        options.onProgress({ ...progress, ...(bestNdcg === undefined ? {} : { bestNdcg }) }),
    });
    for (const { model, best, seconds } of networks) {
      using transformer = new Transformer(model, options.engine);
      const name = model.markov ? "Transformer with Markov prior" : "Transformer";
      await measure(transformer, { model: name, seed, validation: best.ndcg, seconds });
    }
    const seconds = networks.reduce((sum, network) => sum + network.seconds, 0);
    await measure(recommender, { model: "Both and Markov, as served", seed, seconds });
  }
  return figures;
}
