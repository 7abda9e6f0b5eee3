import * as tf from "@tensorflow/tfjs";
import type { Random } from "../../../base/random.ts";
import type { HostTensor } from "../../engines/host-tensor.ts";
import type { Operations } from "../../engines/operations.ts";
import type { TransformerParameters } from "./transformer-parameters.ts";

export type Tensors = Readonly<Record<string, tf.Tensor>>;

/** A share of x set to 0; the identity outside training. `site` numbers the places where it is done. */
export type Dropout = <T extends tf.Tensor>(x: T, site: number) => T;

/** The weights before training: normal, small enough for logits near 0, the residual's last product smaller still. */
export function initialWeights(
  items: number,
  parameters: TransformerParameters,
  random: Random,
): Record<string, HostTensor> {
  const { dimension: d, blocks, context, contentDimension, markovPrior } = parameters;
  const deviation = 0.5 / Math.sqrt(d);
  const normal = (shape: number[], scale: number): HostTensor => ({
    shape,
    values: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => scale * random.normal()),
  });
  const constant = (length: number, value: number): HostTensor => ({
    shape: [length],
    values: new Float32Array(length).fill(value),
  });
  const weights: Record<string, HostTensor> = {
    items: normal([items, d], deviation),
    positions: normal([context, d], 0.02),
    gain: constant(d, 1),
    bias: constant(d, 0),
  };
  for (let block = 0; block < blocks; block++)
    Object.assign(weights, {
      [`${block}.attention.gain`]: constant(d, 1),
      [`${block}.attention.bias`]: constant(d, 0),
      [`${block}.attention.in`]: normal([d, 3 * d], deviation),
      [`${block}.attention.inBias`]: constant(3 * d, 0),
      [`${block}.attention.out`]: normal([d, d], deviation),
      [`${block}.attention.outBias`]: constant(d, 0),
      [`${block}.inner.gain`]: constant(d, 1),
      [`${block}.inner.bias`]: constant(d, 0),
      [`${block}.inner.in`]: normal([d, 4 * d], deviation),
      [`${block}.inner.inBias`]: constant(4 * d, 0),
      [`${block}.inner.out`]: normal([4 * d, d], deviation / 2),
      [`${block}.inner.outBias`]: constant(d, 0),
    });
  if (contentDimension > 0)
    weights.content = normal([contentDimension, d], deviation / Math.sqrt(contentDimension));
  if (markovPrior) weights.prior = { shape: [], values: Float32Array.of(0.5) };
  return weights;
}

/** What every item is to the network [V, D]: a vector of its own and, where there is content, what that adds. */
export function itemVectors(weights: Tensors, content: tf.Tensor | undefined): tf.Tensor2D {
  const own = weights.items as tf.Tensor2D;
  return content ? tf.add(own, tf.matMul(content as tf.Tensor2D, weights.content as tf.Tensor2D)) : own;
}

export type Sequences = {
  /** int32 [B * T]: items, row after row. */
  ids: tf.Tensor1D;
  /** int32 [B * T]: each item's place within its window. */
  positions: tf.Tensor1D;
  /** Broadcasts to [B, H, T, T]: added to attention's logits. */
  mask: tf.Tensor;
  rows: number;
};

/**
 * The state after each item [B * T, D], whose product with an item's vector is the logit of that item coming next. A
 * causal transformer with normalisation before each part.
 * @source Kang and McAuley, "Self-Attentive Sequential Recommendation", 2018; Xiong et al., "On Layer Normalization
 * in the Transformer Architecture", 2020 (pre-norm)
 */
export function states(
  weights: Tensors,
  vectors: tf.Tensor2D,
  { ids, positions, mask, rows }: Sequences,
  { dimension, heads, blocks }: TransformerParameters,
  operations: Operations,
  dropout: Dropout,
): tf.Tensor2D {
  const width = dimension / heads;
  const length = ids.shape[0] / rows;
  const linear = (x: tf.Tensor2D, name: string, end: "in" | "out") =>
    tf.add<tf.Tensor2D>(
      tf.matMul(x, weights[`${name}.${end}`] as tf.Tensor2D),
      weights[`${name}.${end}Bias`]!,
    );
  const normal = (x: tf.Tensor2D, name: string) =>
    operations.layerNorm(x, weights[`${name}gain`] as tf.Tensor1D, weights[`${name}bias`] as tf.Tensor1D);
  const attend = (x: tf.Tensor2D, name: string) => {
    const all = tf.reshape(linear(normal(x, `${name}.`), name, "in"), [rows, length, 3, heads, width]);
    const [q, k, v] = tf
      .split(tf.transpose(all, [2, 0, 3, 1, 4]), 3)
      .map((part) => tf.reshape(part, [rows, heads, length, width]) as tf.Tensor4D) as [
      tf.Tensor4D,
      tf.Tensor4D,
      tf.Tensor4D,
    ];
    const mixed = operations.attention(tf.mul(q, 1 / Math.sqrt(width)), k, v, mask);
    return linear(tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [-1, dimension]), name, "out");
  };
  const think = (x: tf.Tensor2D, name: string) =>
    linear(operations.relu(linear(normal(x, `${name}.`), name, "in")), name, "out");
  const embedded = tf.mul(operations.embed(vectors, ids), Math.sqrt(dimension));
  const placed = operations.embed(weights.positions as tf.Tensor2D, positions);
  let x = dropout(tf.add<tf.Tensor2D>(embedded, placed), 0);
  for (let block = 0; block < blocks; block++) {
    x = tf.add(x, dropout(attend(x, `${block}.attention`), 2 * block + 1));
    x = tf.add(x, dropout(think(x, `${block}.inner`), 2 * block + 2));
  }
  return normal(x, "");
}

/** A logit that no softmax lets through. */
const never = -1e9;

/** What attention may see [1, H, T, T]: nothing later, and the further back, the less. */
export function recencyMask(length: number, { heads, recencyBias }: TransformerParameters): HostTensor {
  const values = new Float32Array(heads * length * length);
  for (let head = 0; head < heads; head++) {
    const slope = recencyBias * 0.25 ** head;
    for (let from = 0; from < length; from++)
      for (let to = 0; to < length; to++)
        values[(head * length + from) * length + to] = to > from ? never : -slope * (from - to);
  }
  return { shape: [1, heads, length, length], values };
}

/** Keeps the sequences that share a row apart [B, 1, T, T]: a place sees only those of its own number. */
export function segmentMask(segments: tf.Tensor2D): tf.Tensor {
  const [rows, length] = segments.shape;
  const apart = tf.notEqual(
    tf.reshape(segments, [rows, 1, length, 1]),
    tf.reshape(segments, [rows, 1, 1, length]),
  );
  return tf.mul(tf.cast(apart, "float32"), never);
}
