import * as tf from "@tensorflow/tfjs";
import type { Random } from "../../../base/random.ts";
import type { HostTensor } from "../../engines/host-tensor.ts";
import type { Operations } from "../../engines/operations.ts";
import { objectiveNames } from "./objectives.ts";
import type { RankerParameters } from "./ranker-parameters.ts";
import { featureNames } from "./ranking-features.ts";

type Tensors = Readonly<Record<string, tf.Tensor>>;
const [features, tasks] = [featureNames.length, objectiveNames.length];

export function initialRankerWeights(
  { crossLayers, crossRank, experts, hidden }: RankerParameters,
  random: Random,
): Record<string, HostTensor> {
  const normal = (...shape: number[]): HostTensor => ({
    shape,
    values: Float32Array.from(
      { length: shape.reduce((a, b) => a * b) },
      () => random.normal() / Math.sqrt(shape[0]!),
    ),
  });
  const constant = (value: number, ...shape: number[]): HostTensor => ({
    shape,
    values: new Float32Array(shape.reduce((a, b) => a * b)).fill(value),
  });
  const weights: Record<string, HostTensor> = {
    experts: normal(features, experts * hidden),
    expertsBias: constant(0, experts * hidden),
    gain: constant(1, hidden),
    bias: constant(0, hidden),
    gates: normal(features, tasks * experts),
    towers: normal(tasks, hidden),
    // What viewers do is rare: the odds begin at one to ten.
    towersBias: constant(-2.3, tasks),
  };
  for (let layer = 0; layer < crossLayers; layer++)
    Object.assign(weights, {
      [`cross${layer}.down`]: normal(features, crossRank),
      [`cross${layer}.up`]: normal(crossRank, features),
      [`cross${layer}.bias`]: constant(0, features),
    });
  return weights;
}

/**
 * The log-odds of each objective [N, objectives]. Every row is scored by itself, whatever else is in the batch.
 * Experts are normalised, so that none of them dies or drowns the others.
 * @param x [N, features], normalised
 * @source Ma et al., "Modeling Task Relationships in Multi-task Learning with Multi-gate Mixture-of-Experts", 2018;
 * Wang et al., "DCN V2", 2021 (low-rank cross layers); Wang et al., "HoME", 2024 (normalised experts)
 */
export function rankerLogits(
  weights: Tensors,
  x: tf.Tensor2D,
  { crossLayers, experts, hidden }: RankerParameters,
  { layerNorm, relu }: Operations,
): tf.Tensor2D {
  const rows = x.shape[0];
  const matrix = (name: string) => weights[name] as tf.Tensor2D;
  let crossed = x;
  for (let layer = 0; layer < crossLayers; layer++) {
    const low = tf.matMul(crossed, matrix(`cross${layer}.down`));
    const full = tf.add(tf.matMul(low, matrix(`cross${layer}.up`)), weights[`cross${layer}.bias`]!);
    crossed = tf.add(tf.mul(x, full), crossed);
  }
  const opinions = relu(tf.add(tf.matMul(crossed, matrix("experts")), weights.expertsBias!));
  const each = tf.reshape(opinions, [rows * experts, hidden]) as tf.Tensor2D;
  const normal = layerNorm(each, weights.gain as tf.Tensor1D, weights.bias as tf.Tensor1D);
  const gates = tf.softmax(tf.reshape(tf.matMul(crossed, matrix("gates")), [rows, tasks, experts]));
  const mixed = tf.matMul(gates as tf.Tensor3D, tf.reshape(normal, [rows, experts, hidden]) as tf.Tensor3D);
  return tf.add(tf.sum(tf.mul(mixed, weights.towers!), 2), weights.towersBias!);
}

/** Cross-entropy of each objective, also of shares between 0 and 1, summed by the weights [N, 1] of the rows. */
export function rankerLoss(logits: tf.Tensor2D, labels: tf.Tensor2D, weights: tf.Tensor2D): tf.Scalar {
  // log(1 + e^z) - yz, written so that no power overflows.
  const rest = tf.log(tf.add(tf.exp(tf.neg(tf.abs(logits))), 1));
  const losses = tf.add(tf.sub(tf.relu(logits), tf.mul(logits, labels)), rest);
  return tf.sum(tf.mul(losses, weights));
}
