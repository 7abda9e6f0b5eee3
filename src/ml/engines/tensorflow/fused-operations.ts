import * as tf from "@tensorflow/tfjs";
import { composedOperations } from "../composed-operations.ts";
import type { Operations, SoftmaxLossInputs } from "../operations.ts";
import { type Attribute, dataTypes, type NodeBackend } from "./node-backend.ts";

const layerNormEpsilon = 1e-6;

/**
 * The operations as TensorFlow's own kernels with explicit gradients: eager TensorFlow.js has a cost per operation, and
 * composes softmax and cross-entropy of many passes over the largest tensors.
 */
export function fusedOperations(backend: NodeBackend): Operations {
  const kernels = kernelsOf(backend);
  return {
    ...composedOperations,
    embed: (table, ids) => embed(kernels, table, ids),
    relu: (x) => relu(kernels, x),
    layerNorm: (x, gain, bias) => layerNorm(kernels, x, gain, bias),
    attention: (q, k, v, mask) => attention(kernels, q, k, v, mask),
    dropout: (x, rate, { tensor }, site) => (rate === 0 ? x : dropout(kernels, x, rate, tensor, site)),
    gatherSum: (table, rows) => gatherSum(kernels, table, rows),
    subtractAt: (x, columns, amounts) => kernels.tensorScatterSub(x, placesOf(columns), amounts),
    softmaxLoss: (inputs) => softmaxLoss(kernels, inputs),
  };
}

type Kernels = ReturnType<typeof kernelsOf>;

/** TensorFlow's kernels as functions of tensors, each named as TensorFlow names it. */
function kernelsOf(backend: NodeBackend) {
  const { TF_ATTR_TYPE, TF_ATTR_BOOL, TF_ATTR_INT } = backend.binding;
  const type = (name: string, value: number): Attribute => ({ name, type: TF_ATTR_TYPE, value });
  const flag = (name: string, value: boolean): Attribute => ({ name, type: TF_ATTR_BOOL, value });
  const float = type("T", dataTypes.float32);
  const one = <T extends tf.Tensor>(name: string, attributes: Attribute[], inputs: tf.Tensor[]) =>
    backend.executeSingleOutput(name, attributes, inputs) as T;
  return {
    matMul: (a: tf.Tensor2D, b: tf.Tensor2D, transpose: "none" | "a" | "b" = "none") =>
      one<tf.Tensor2D>(
        "MatMul",
        [float, flag("transpose_a", transpose === "a"), flag("transpose_b", transpose === "b")],
        [a, b],
      ),
    batchMatMul: (a: tf.Tensor, b: tf.Tensor, transpose: "none" | "a" | "b" = "none") =>
      one<tf.Tensor4D>(
        "BatchMatMulV2",
        [float, flag("adj_x", transpose === "a"), flag("adj_y", transpose === "b")],
        [a, b],
      ),
    softmax: <T extends tf.Tensor>(x: T) => one<T>("Softmax", [float], [x]),
    reluGrad: <T extends tf.Tensor>(dy: T, y: T) => one<T>("ReluGrad", [float], [dy, y]),
    gather: (table: tf.Tensor2D, ids: tf.Tensor1D) =>
      one<tf.Tensor2D>(
        "GatherV2",
        [
          { name: "batch_dims", type: TF_ATTR_INT, value: 0 },
          type("Tparams", dataTypes.float32),
          type("Tindices", dataTypes.int32),
          type("Taxis", dataTypes.int32),
        ],
        [table, ids, tf.scalar(0, "int32")],
      ),
    statelessRandomUniform: (shape: number[], seed: tf.Tensor1D) =>
      one<tf.Tensor>(
        "StatelessRandomUniform",
        [type("dtype", dataTypes.float32), type("T", dataTypes.int32), type("Tseed", dataTypes.int32)],
        [tf.tensor1d(shape, "int32"), seed],
      ),
    tensorScatterSub: (x: tf.Tensor2D, places: tf.Tensor, amounts: tf.Tensor1D) =>
      one<tf.Tensor2D>("TensorScatterSub", [float, type("Tindices", dataTypes.int32)], [x, places, amounts]),
    sparseSegmentSum: (table: tf.Tensor2D, rows: tf.Tensor1D, segments: tf.Tensor1D) =>
      one<tf.Tensor2D>(
        "SparseSegmentSum",
        [float, type("Tidx", dataTypes.int32), type("Tsegmentids", dataTypes.int32)],
        [table, rows, segments],
      ),
  };
}

function embed({ gather }: Kernels, table: tf.Tensor2D, ids: tf.Tensor1D): tf.Tensor2D {
  return tf.customGrad((from, save) => {
    (save as tf.GradSaveFunc)([ids]);
    return {
      value: gather(from as tf.Tensor2D, ids),
      gradFunc: (dy, saved) => tf.unsortedSegmentSum(dy, saved[0] as tf.Tensor1D, table.shape[0]),
    };
  })(table) as tf.Tensor2D;
}

function relu<T extends tf.Tensor>({ reluGrad }: Kernels, x: T): T {
  return tf.customGrad((input, save) => {
    const y = tf.relu(input as T);
    (save as tf.GradSaveFunc)([y]);
    return { value: y, gradFunc: (dy, saved) => reluGrad(dy, saved[0]!) };
  })(x) as T;
}

function layerNorm({ matMul }: Kernels, x: tf.Tensor2D, gain: tf.Tensor1D, bias: tf.Tensor1D): tf.Tensor2D {
  const [rows, width] = x.shape;
  // A mean of rows as a product with a constant column: MatMul is far faster than Mean over the last axis.
  const mean = (y: tf.Tensor2D) => matMul(y, tf.fill([width, 1], 1 / width));
  const columnSums = (y: tf.Tensor2D) => tf.reshape(matMul(tf.ones([1, rows]), y), [width]);
  return tf.customGrad((...args) => {
    const [input, scale, move, save] = args as unknown as [
      tf.Tensor2D,
      tf.Tensor1D,
      tf.Tensor1D,
      tf.GradSaveFunc,
    ];
    const centred = tf.sub(input, mean(input)) as tf.Tensor2D;
    const inverse = tf.rsqrt(tf.add(mean(tf.square(centred)), layerNormEpsilon));
    const normal = tf.mul(centred, inverse) as tf.Tensor2D;
    save([normal, inverse, scale]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [unit, inv, g] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D];
      const d = tf.mul(dy, g) as tf.Tensor2D;
      const along = tf.mul(unit, mean(tf.mul(d, unit)));
      return [
        tf.mul(tf.sub(tf.sub(d, mean(d)), along), inv),
        columnSums(tf.mul(dy, unit)),
        columnSums(dy as tf.Tensor2D),
      ];
    };
    return { value: tf.add(tf.mul(normal, scale), move), gradFunc };
  })(x, gain, bias) as tf.Tensor2D;
}

function attention(
  { batchMatMul, softmax }: Kernels,
  q: tf.Tensor4D,
  k: tf.Tensor4D,
  v: tf.Tensor4D,
  mask: tf.Tensor,
): tf.Tensor4D {
  return tf.customGrad((...args) => {
    const [query, key, value, save] = args as unknown as [
      tf.Tensor4D,
      tf.Tensor4D,
      tf.Tensor4D,
      tf.GradSaveFunc,
    ];
    const shares = softmax(tf.add(batchMatMul(query, key, "b"), mask));
    save([query, key, value, shares]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [q1, k1, v1, a] = saved as tf.Tensor[] as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const weighted = tf.mul(batchMatMul(dy, v1, "b"), a);
      const dLogits = tf.sub(weighted, tf.mul(a, tf.sum(weighted, -1, true)));
      return [batchMatMul(dLogits, k1), batchMatMul(dLogits, q1, "a"), batchMatMul(a, dy, "a")];
    };
    return { value: batchMatMul(shares, value), gradFunc };
  })(q, k, v) as tf.Tensor4D;
}

function dropout<T extends tf.Tensor>(
  { statelessRandomUniform }: Kernels,
  x: T,
  rate: number,
  seed: tf.Tensor1D,
  site: number,
): T {
  return tf.customGrad((input, save) => {
    const drawn = statelessRandomUniform(x.shape, tf.add(seed, tf.tensor1d([0, site], "int32")));
    const kept = tf.mul(tf.cast(tf.greaterEqual(drawn, tf.scalar(rate)), "float32"), 1 / (1 - rate));
    (save as tf.GradSaveFunc)([kept]);
    return { value: tf.mul(input as T, kept), gradFunc: (dy, saved) => tf.mul(dy, saved[0]!) };
  })(x) as T;
}

function gatherSum({ sparseSegmentSum }: Kernels, table: tf.Tensor2D, rows: tf.Tensor2D): tf.Tensor2D {
  const [count, width] = rows.shape;
  const segments = Int32Array.from({ length: count * width }, (_, index) => Math.floor(index / width));
  return sparseSegmentSum(table, tf.reshape(rows, [count * width]), tf.tensor1d(segments, "int32"));
}

/** Row and column [N, 2] of an entry in each row. */
const placesOf = (columns: tf.Tensor1D) => tf.stack([tf.range(0, columns.shape[0], 1, "int32"), columns], 1);

/** Value and all gradients at once: the largest tensors, [N, V], are computed once and not kept. */
function softmaxLoss(
  { matMul, softmax, gather }: Kernels,
  { states, items, targets, weights, prior }: SoftmaxLossInputs,
): tf.Scalar {
  const count = targets.shape[0];
  const places = placesOf(targets);
  const priorWeight = prior?.weight ?? tf.scalar(0);
  return tf.customGrad((...args) => {
    const [x, e, priorScale, save] = args as unknown as [
      tf.Tensor2D,
      tf.Tensor2D,
      tf.Scalar,
      tf.GradSaveFunc,
    ];
    const plain = matMul(x, e, "b");
    const logits = prior ? tf.add<tf.Tensor2D>(plain, tf.mul(prior.scores, priorScale)) : plain;
    const shares = softmax(logits);
    const chosen = tf.reshape(tf.gatherND(shares, places), [count, 1]);
    const weighted = tf.mul(x, weights) as tf.Tensor2D;
    const forStates = tf.mul(tf.sub(matMul(shares, e), gather(e, targets)), weights);
    const forItems = tf.sub(
      matMul(shares, weighted, "a"),
      tf.unsortedSegmentSum(weighted, targets, items.shape[0]),
    );
    save([forStates, forItems, prior ? forPrior(shares, prior.scores) : tf.scalar(0)]);
    // A probability of 0 has underflowed: its logarithm is bounded, and its gradient is still correct.
    const value = tf.neg(tf.sum(tf.mul(tf.log(tf.add(chosen, 1e-20)), weights)));
    return { value, gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => saved.map((part) => tf.mul(part, dy)) };
  })(states, items, priorWeight) as tf.Scalar;

  function forPrior(shares: tf.Tensor2D, scores: tf.Tensor2D): tf.Scalar {
    const expected = tf.sum(tf.mul(shares, scores), 1, true);
    const atTarget = tf.reshape(tf.gatherND(scores, places), [count, 1]);
    return tf.sum(tf.mul(tf.sub(expected, atTarget), weights));
  }
}
