import type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs";

/** Makes dropout reproducible: on a graph only the tensor changes from step to step. */
export type DropoutSeed = { /** int32 [2] */ tensor: Tensor1D; value: number };

export type SoftmaxLossInputs = {
  /** [N, D] */
  states: Tensor2D;
  /** [V, D]: the logits are states itemsᵀ. */
  items: Tensor2D;
  /** int32 [N] */
  targets: Tensor1D;
  /** [N, 1]: the weight of each row; 0 for padding. */
  weights: Tensor2D;
  /** `weight` times `scores` [N, V] is added to the logits; the scores get no gradient. */
  prior?: { scores: Tensor2D; weight: Scalar };
};

/** Building blocks of networks that engines may implement faster than by composing TensorFlow.js's own functions. */
export interface Operations {
  /** Rows of a table [V, D] by index (int32 [N]): [N, D]. */
  embed(table: Tensor2D, ids: Tensor1D): Tensor2D;
  relu<T extends Tensor>(x: T): T;
  /**
   * Normalises each row of x [N, D] to mean 0 and variance 1, then scales and shifts it.
   * @source Ba, Kiros and Hinton, "Layer Normalization", 2016
   */
  layerNorm(x: Tensor2D, gain: Tensor1D, bias: Tensor1D): Tensor2D;
  /**
   * softmax(q kᵀ + mask) v for q, k, v [B, H, T, d] and a mask that broadcasts to [B, H, T, T]. The caller scales q.
   * @source Vaswani et al., "Attention Is All You Need", 2017
   */
  attention(q: Tensor4D, k: Tensor4D, v: Tensor4D, mask: Tensor): Tensor4D;
  /** Zeroes a share of x and scales up the rest; each `site` of a step draws different random numbers. */
  dropout<T extends Tensor>(x: T, rate: number, seed: DropoutSeed, site: number): T;
  /** For each row of indices (int32 [N, K]) the sum of those rows of the table [R, V]: [N, V], without gradient. */
  gatherSum(table: Tensor2D, rows: Tensor2D): Tensor2D;
  /** Subtracts an amount [N] from one column (int32 [N]) of each row of x [N, V]; without gradient. */
  subtractAt(x: Tensor2D, columns: Tensor1D, amounts: Tensor1D): Tensor2D;
  /** Sum over rows of weight times cross-entropy of the softmax over all items. */
  softmaxLoss(inputs: SoftmaxLossInputs): Scalar;
}
