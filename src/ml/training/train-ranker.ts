import type * as tf from "@tensorflow/tfjs";
import { seeded } from "../../base/random.ts";
import { TypedError } from "../../base/typed-error.ts";
import type { EngagementEvent } from "../../events/event.ts";
import type { Engine } from "../engines/engine.ts";
import { makeStep } from "../engines/make-step.ts";
import { initialState, type TrainingStep } from "../engines/training-step.ts";
import { areaUnderCurve } from "../evaluation/area-under-curve.ts";
import { type Objective, objectiveNames } from "../models/ranker/objectives.ts";
import { normalised, Ranker, type RankerModel } from "../models/ranker/ranker.ts";
import { initialRankerWeights, rankerLogits, rankerLoss } from "../models/ranker/ranker-network.ts";
import type { RankerParameters } from "../models/ranker/ranker-parameters.ts";
import { featureNames, type RankingExample, rankingExamples } from "../models/ranker/ranking-features.ts";

/** How well an objective is predicted on later impressions than those learned from. */
export type ObjectiveMetrics = {
  /** The chance that one with it is placed above one without it; absent where there are not both. */
  auc?: number;
  /** The mean prediction over the observed rate; absent where nothing happened. */
  calibration?: number;
};

export type TrainedRanker = {
  model: RankerModel;
  metrics: Record<Objective, ObjectiveMetrics>;
  examples: { training: number; heldOut: number };
  /** Those that were held out. */
  later: readonly RankingExample[];
};

export type TrainRankerOptions = {
  engine: Engine;
  parameters: RankerParameters;
  seed: number;
  /** Of the impressions, the last ones in time, which are held out. */
  heldOutShare?: number;
  signal?: AbortSignal;
};

const minImpressions = 100;

/**
 * Learns how viewers react to impressions. The events are read once for the features' scale and once an epoch; what is held
 * at a time is a batch, and the examples that are held out.
 * @param events the same events at every call, in the order of time
 * @throws TypedError IMPRESSIONS_MISSING, LOSS_NOT_A_NUMBER
 */
export async function trainRanker(
  events: () => AsyncIterable<EngagementEvent> | Iterable<EngagementEvent>,
  { engine, parameters, seed, heldOutShare = 0.1, signal }: TrainRankerOptions,
): Promise<TrainedRanker> {
  const { times, mean, deviation } = await scaleOf(rankingExamples(events()));
  if (times.length < minImpressions)
    throw new TypedError(
      "IMPRESSIONS_MISSING",
      `a ranker learns from impressions, and there are ${times.length}, fewer than ${minImpressions}: log more of them first`,
    );
  const cut = times.toSorted()[Math.floor((1 - heldOutShare) * times.length)]!;
  const step = rankerStep(engine, parameters, seed);
  const heldOut: RankingExample[] = [];
  try {
    for (let epoch = 0; epoch < parameters.epochs; epoch++) {
      let batch: RankingExample[] = [];
      for await (const example of rankingExamples(events())) {
        signal?.throwIfAborted();
        if (example.at >= cut) {
          if (epoch === 0) heldOut.push(example);
          continue;
        }
        batch.push(example);
        if (batch.length < parameters.batch) continue;
        await learn(step, batch, parameters, { mean, deviation });
        batch = [];
      }
      if (batch.length > 0) await learn(step, batch, parameters, { mean, deviation });
    }
    const model = { parameters, weights: (await step.state()).average, mean, deviation };
    using ranker = new Ranker(model, engine);
    return {
      model,
      metrics: await measure(ranker, heldOut),
      examples: { training: times.length - heldOut.length, heldOut: heldOut.length },
      later: heldOut,
    };
  } finally {
    step.dispose();
  }
}

function rankerStep(engine: Engine, parameters: RankerParameters, seed: number): TrainingStep {
  const { batch } = parameters;
  return makeStep(engine, {
    state: initialState(initialRankerWeights(parameters, seeded(seed))),
    constants: {},
    inputs: {
      features: { shape: [batch, featureNames.length], type: "float32" },
      labels: { shape: [batch, objectiveNames.length], type: "float32" },
      weights: { shape: [batch, 1], type: "float32" },
    },
    adam: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, averageDecay: 0.99 },
    loss({ weights, inputs }, operations) {
      const logits = rankerLogits(weights, inputs.features as tf.Tensor2D, parameters, operations);
      return rankerLoss(logits, inputs.labels as tf.Tensor2D, inputs.weights as tf.Tensor2D);
    },
  });
}

async function learn(
  step: TrainingStep,
  examples: readonly RankingExample[],
  { batch, learningRate }: RankerParameters,
  scale: Pick<RankerModel, "mean" | "deviation">,
): Promise<void> {
  const features = new Float32Array(batch * featureNames.length);
  features.set(
    normalised(
      examples.map((example) => example.features),
      scale,
    ),
  );
  const labels = new Float32Array(batch * objectiveNames.length);
  for (const [row, example] of examples.entries()) labels.set(example.labels, row * objectiveNames.length);
  const weights = new Float32Array(batch).fill(1 / examples.length, 0, examples.length);
  const inputs = {
    features: { shape: [batch, featureNames.length], values: features },
    labels: { shape: [batch, objectiveNames.length], values: labels },
    weights: { shape: [batch, 1], values: weights },
  };
  const loss = await step.run(inputs, learningRate, 0);
  if (!Number.isFinite(loss))
    throw new TypedError("LOSS_NOT_A_NUMBER", "the ranker's loss is not a number: lower learningRate");
}

/** When the examples were, and how each feature is spread. */
async function scaleOf(examples: AsyncIterable<RankingExample>) {
  const width = featureNames.length;
  const [sums, squares] = [new Float64Array(width), new Float64Array(width)];
  const times: number[] = [];
  for await (const { at, features } of examples) {
    times.push(at);
    for (const [column, value] of features.entries()) {
      sums[column]! += value;
      squares[column]! += value * value;
    }
  }
  const mean = Float32Array.from(sums, (sum) => sum / Math.max(1, times.length));
  const deviation = Float32Array.from(squares, (sum, column) =>
    // A constant feature must not be divided by 0.
    Math.max(1e-3, Math.sqrt(Math.max(0, sum / Math.max(1, times.length) - mean[column]! ** 2))),
  );
  return { times: Float64Array.from(times), mean, deviation };
}

async function measure(
  ranker: Ranker,
  examples: readonly RankingExample[],
): Promise<Record<Objective, ObjectiveMetrics>> {
  const predicted = await ranker.predict(examples.map(({ features }) => features));
  const entries = objectiveNames.map((name, index): [string, ObjectiveMetrics] => {
    const scores = Float64Array.from(examples, (_, row) => predicted[row * objectiveNames.length + index]!);
    const labels = Float64Array.from(examples, (example) => example.labels[index]!);
    const happened = labels.reduce((sum, label) => sum + label, 0);
    const auc = areaUnderCurve(
      scores,
      labels.map((label) => (label >= 0.5 ? 1 : 0)),
    );
    return [
      name,
      {
        ...(auc === undefined ? {} : { auc }),
        ...(happened > 0 ? { calibration: scores.reduce((sum, score) => sum + score, 0) / happened } : {}),
      },
    ];
  });
  return Object.fromEntries(entries) as Record<Objective, ObjectiveMetrics>;
}
