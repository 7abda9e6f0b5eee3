import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { seeded } from "../../../src/base/random.ts";
import type { Engine } from "../../../src/ml/engines/engine.ts";
import type { Operations } from "../../../src/ml/engines/operations.ts";
import { attention, layerNorm, type Matrix, slopes, softmaxLoss } from "./reference.ts";

const random = seeded(7);
const matrix = (rows: number, columns: number): Matrix =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => random.normal()));

/** A weighted sum makes a number out of a result, and every entry of it counts differently. */
const weigh = (x: Matrix): number =>
  x.flat().reduce((sum, value, index) => sum + value * Math.sin(index + 1), 0);
const weighTensor = (x: tf.Tensor): tf.Scalar =>
  tf.sum(tf.mul(tf.reshape(x, [-1]), tf.tensor1d(Array.from({ length: x.size }, (_, i) => Math.sin(i + 1)))));

type Case = {
  name: string;
  arguments: Matrix[];
  reference: (...x: Matrix[]) => number;
  engine: (operations: Operations, ...x: tf.Tensor2D[]) => tf.Scalar;
};

const causal = Array.from({ length: 4 }, (_, i) => Array.from({ length: 4 }, (_, j) => (j > i ? -1e9 : 0)));
const ids = [2, 0, 2, 4, 1];
const counts = [0.3, 0.2, 0, 0.4, 0.1];
const scores = matrix(5, 6);
const as4d = (x: tf.Tensor2D) => tf.reshape(x, [1, 1, ...x.shape]) as tf.Tensor4D;

const cases: Case[] = [
  {
    name: "embed",
    arguments: [matrix(6, 3)],
    reference: (table) => weigh(ids.map((id) => table![id]!)),
    engine: (operations, table) => weighTensor(operations.embed(table!, tf.tensor1d(ids, "int32"))),
  },
  {
    name: "relu",
    arguments: [matrix(4, 5)],
    reference: (x) => weigh(x!.map((row) => row.map((value) => Math.max(0, value)))),
    engine: (operations, x) => weighTensor(operations.relu(x!)),
  },
  {
    name: "layerNorm",
    arguments: [matrix(4, 5), matrix(1, 5), matrix(1, 5)],
    reference: (x, gain, bias) => weigh(layerNorm(x!, gain![0]!, bias![0]!)),
    engine: (operations, x, gain, bias) =>
      weighTensor(operations.layerNorm(x!, tf.reshape(gain!, [5]), tf.reshape(bias!, [5]))),
  },
  {
    name: "attention",
    arguments: [matrix(4, 3), matrix(4, 3), matrix(4, 3)],
    reference: (q, k, v) => weigh(attention(q!, k!, v!, causal)),
    engine: (operations, q, k, v) =>
      weighTensor(operations.attention(as4d(q!), as4d(k!), as4d(v!), tf.tensor2d(causal))),
  },
  {
    name: "softmaxLoss with a prior",
    arguments: [matrix(5, 4), matrix(6, 4), [[0.7]]],
    reference: (states, items, weight) =>
      softmaxLoss(states!, items!, ids, counts, { scores, weight: weight![0]![0]! }),
    engine: (operations, states, items, weight) =>
      operations.softmaxLoss({
        states: states!,
        items: items!,
        targets: tf.tensor1d(ids, "int32"),
        weights: tf.tensor2d(counts, [5, 1]),
        prior: { scores: tf.tensor2d(scores), weight: tf.reshape(weight!, []) as tf.Scalar },
      }),
  },
];

/** Every operation's value and gradients on this engine, beside float64 and its finite differences. */
export async function checkNumerics({ operations }: Engine): Promise<void> {
  for (const { name, arguments: given, reference, engine } of cases) {
    const tensors = given.map((x) => tf.tensor2d(x));
    const { value, grads } = tf.valueAndGrads((...x) => engine(operations, ...(x as tf.Tensor2D[])))(tensors);
    close(`${name}, value`, await value.data(), [reference(...given)]);
    for (const [index, gradient] of grads.entries()) {
      const along = (x: Matrix) => reference(...given.with(index, x));
      close(`${name}, gradient ${index}`, await gradient.data(), slopes(along, given[index]!).flat());
    }
  }
  const summed = operations.gatherSum(
    tf.tensor2d(scores),
    tf.tensor2d(
      [
        [0, 1],
        [4, 4],
      ],
      [2, 2],
      "int32",
    ),
  );
  close("gatherSum", await summed.data(), [
    ...scores[0]!.map((value, i) => value + scores[1]![i]!),
    ...scores[4]!.map((value) => 2 * value),
  ]);
  const less = operations.subtractAt(tf.tensor2d(scores), tf.tensor1d(ids, "int32"), tf.tensor1d(counts));
  const expected = scores.map((row, i) =>
    row.map((value, column) => (column === ids[i] ? value - counts[i]! : value)),
  );
  close("subtractAt", await less.data(), expected.flat());
  await checkDropout(operations);
}

async function checkDropout({ dropout }: Operations): Promise<void> {
  const draw = async (value: number, site: number) =>
    Array.from(
      await dropout(tf.ones([400]), 0.25, { tensor: tf.tensor1d([value, 0], "int32"), value }, site).data(),
    );
  const first = await draw(1, 0);
  assert.deepEqual(await draw(1, 0), first, "dropout: the same seed draws the same");
  assert.notDeepEqual(await draw(2, 0), first, "dropout: another seed draws differently");
  assert.notDeepEqual(await draw(1, 1), first, "dropout: another site draws differently");
  assert.deepEqual([...new Set(first.map((value) => value.toFixed(4)))].sort(), ["0.0000", "1.3333"]);
  const kept = first.filter((value) => value > 0).length;
  assert.ok(kept > 260 && kept < 340, `dropout: ${kept} of 400 kept at a rate of .25`);
}

/** Float32 has seven digits; sums of a few dozen terms lose two of them, and some GPUs' functions a third. */
function close(what: string, found: ArrayLike<number>, expected: readonly number[]): void {
  assert.equal(found.length, expected.length, what);
  for (const [index, value] of expected.entries())
    assert.ok(
      Math.abs(found[index]! - value) <= 2e-4 * (1 + Math.abs(value)),
      `${what}, entry ${index}: ${found[index]}, expected ${value}`,
    );
}
