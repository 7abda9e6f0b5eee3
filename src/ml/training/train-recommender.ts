import type { Dataset } from "../dataset.ts";
import type { Engine } from "../engines/engine.ts";
import type { HostTensor } from "../engines/host-tensor.ts";
import { fitMarkov } from "../models/markov.ts";
import type { Recommender } from "../models/recommender.ts";
import { describeBlend, describeMarkov, describeTransformer } from "../models/stored/describe-model.ts";
import type { StoredModel } from "../models/stored/model-folder.ts";
import { Transformer } from "../models/transformer/transformer.ts";
import { casesOfDrawnUsers, leaveLastOut, type Split } from "../split.ts";
import { fitBlend } from "./fit-blend.ts";
import { checkpointFile } from "./networks/checkpoint.ts";
import {
  type TrainedTransformer,
  type TrainingProgress,
  trainTransformer,
} from "./networks/train-transformer.ts";
import { type ModelKind, type ModelParameters, networksOf } from "./parameters/model-parameters.ts";
import type { WarmStart } from "./warm-start.ts";

export type TrainRecommenderOptions = {
  kind: ModelKind;
  parameters: ModelParameters;
  seed: number;
  /** Opened only when there is a network to train. */
  engine: () => Promise<Engine>;
  content?: HostTensor | undefined;
  warmStart?: WarmStart | undefined;
  /** The folder of the checkpoints. */
  checkpoints?: string | undefined;
  resume?: boolean | undefined;
  /** What the Markov model of a blend learns from in the end: also the validation items, or not. */
  markovLearnsFrom?: "train and validation" | "train";
  onProgress?: (progress: TrainingProgress & { network: number; networks: number }) => void;
  onNotice?: (message: string) => void;
  signal?: AbortSignal | undefined;
};

export type TrainedRecommender = {
  recommender: Recommender;
  stored: Omit<StoredModel, "items">;
  networks: TrainedTransformer[];
};

/**
 * Trains a model of any kind. The last item of each user is held out for what has to be chosen: when to stop, how
 * much Markov weighs.
 * @throws TypedError DATASET_TOO_SMALL, and those of trainTransformer
 */
export async function trainRecommender(
  dataset: Dataset,
  options: TrainRecommenderOptions,
): Promise<TrainedRecommender> {
  const { kind, parameters, signal } = options;
  const fitAll = () => fitMarkov(dataset, parameters.baselines.markov);
  if (kind === "markov") {
    const recommender = fitAll();
    return { recommender, stored: describeMarkov(recommender), networks: [] };
  }
  const inner = leaveLastOut(dataset, "test", "train and validation");
  const markov = fitMarkov(inner.train, parameters.baselines.markov);
  const engine = await options.engine();
  const networks = await trainNetworks(kind, inner, engine, markov, options);
  const models = networks.map(({ model }) => model);
  const running = models.map((model) => new Transformer(model, engine));
  if (kind === "transformer")
    return { recommender: running[0]!, stored: describeTransformer(models[0]!), networks };
  const cases = casesOfDrawnUsers(inner, parameters.training.validationUsers);
  const { blend } = await fitBlend({ networks: running, markov }, cases, signal);
  const final =
    options.markovLearnsFrom === "train" ? blend : blend.with({ networks: running, markov: fitAll() });
  return { recommender: final, stored: describeBlend(models, final), networks };
}

async function trainNetworks(
  kind: Exclude<ModelKind, "markov">,
  split: Split,
  engine: Engine,
  markov: ReturnType<typeof fitMarkov>,
  options: TrainRecommenderOptions,
): Promise<TrainedTransformer[]> {
  const { parameters, seed, content, warmStart, checkpoints, resume, onProgress, onNotice, signal } = options;
  const wanted = warmStart ? warmStart.forms : networksOf(kind, parameters);
  const trained: TrainedTransformer[] = [];
  for (const [index, form] of wanted.entries()) {
    const contentDimension = content?.shape[1] ?? 0;
    trained.push(
      await trainTransformer(split, {
        ...{ engine, markov, content, resume, onNotice, signal },
        parameters: { ...form, contentDimension },
        training: parameters.training,
        // Members of an ensemble start from different weights.
        seed: seed + 1000 * index,
        warmStart: warmStart?.weights(index),
        choose: warmStart?.choose,
        checkpoint: checkpoints && checkpointFile(checkpoints, index),
        onProgress: (progress) => onProgress?.({ ...progress, network: index + 1, networks: wanted.length }),
      }),
    );
  }
  return trained;
}
