import * as tf from "@tensorflow/tfjs";
import type { Operations } from "./operations.ts";

const layerNormEpsilon = 1e-6;

/** The operations composed of TensorFlow.js's own functions, which every backend supports. */
export const composedOperations: Operations = {
  embed: (table, ids) => tf.gather(table, ids),

  relu: (x) => tf.relu(x),

  layerNorm(x, gain, bias) {
    const centred = tf.sub(x, tf.mean(x, -1, true));
    const variance = tf.mean(tf.square(centred), -1, true);
    const scaled = tf.mul(centred, tf.rsqrt(tf.add(variance, layerNormEpsilon)));
    return tf.add(tf.mul(scaled, gain), bias);
  },

  attention: (q, k, v, mask) =>
    tf.matMul(tf.softmax(tf.add(tf.matMul(q, k, false, true), mask) as tf.Tensor4D), v),

  dropout(x, rate, seed, site) {
    if (rate === 0) return x;
    const kept = tf.greaterEqual(tf.randomUniform(x.shape, 0, 1, "float32", seed.value * 1009 + site), rate);
    return tf.mul(x, tf.div(tf.cast(kept, "float32"), 1 - rate));
  },

  gatherSum(table, rows) {
    const [count, width] = rows.shape;
    const columns = Array.from({ length: width }, (_, column) =>
      tf.gather(table, tf.reshape(tf.slice(rows, [0, column], [count, 1]), [count])),
    );
    return tf.addN(columns);
  },

  subtractAt(x, columns, amounts) {
    const places = tf.stack([tf.range(0, columns.shape[0], 1, "int32"), columns], 1);
    return tf.sub(x, tf.scatterND(places, amounts, x.shape));
  },

  softmaxLoss({ states, items, targets, weights, prior }) {
    const plain = tf.matMul(states, items, false, true);
    const logits = prior ? tf.add<tf.Tensor2D>(plain, tf.mul(prior.scores, prior.weight)) : plain;
    const chosen = tf.sum(tf.mul(states, composedOperations.embed(items, targets)), 1);
    const withPrior = prior ? tf.add(chosen, tf.mul(atTargets(prior.scores, targets), prior.weight)) : chosen;
    const losses = tf.sub(tf.logSumExp(logits, 1), withPrior);
    return tf.sum(tf.mul(losses, tf.reshape(weights, [-1])));
  },
};

/** The entry at the target index of each row of [N, V]: [N]. Without gradient. */
function atTargets(scores: tf.Tensor2D, targets: tf.Tensor1D): tf.Tensor1D {
  const rows = tf.range(0, targets.shape[0], 1, "int32");
  return tf.gatherND(scores, tf.stack([rows, targets], 1)) as tf.Tensor1D;
}
