import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { openEngine } from "../../../src/ml/engines/open-engine.ts";
import { checkNumerics } from "./check-numerics.ts";

const engine = await openEngine("wasm");

test("wasm: values and gradients are those of float64", async () => {
  await checkNumerics(engine);
});

test("wasm: products of transposed matrices, also in batches, leave no tensor behind", async () => {
  const [two, three, four] = [2, 3, 4];
  const a = tf.tensor3d(
    Array.from({ length: two * three * four }, (_, i) => Math.sin(i)),
    [two, three, four],
  );
  const b = tf.tensor3d(
    Array.from({ length: two * three * four }, (_, i) => Math.cos(i)),
    [two, three, four],
  );
  const value = (x: tf.Tensor, i: number, j: number, k: number) => x.bufferSync().get(i, j, k);
  const buffers = tf.memory().numDataBuffers;
  const abT = tf.matMul(a, b, false, true);
  const aTb = tf.matMul(a, b, true, false);
  const aTbT = tf.matMul(a, tf.tidy(() => tf.transpose(b, [0, 2, 1])) as tf.Tensor3D, true, true);
  assert.deepEqual(
    [abT.shape, aTb.shape],
    [
      [two, three, three],
      [two, four, four],
    ],
  );
  const sum = (length: number, term: (at: number) => number) =>
    Array.from({ length }, (_, at) => term(at)).reduce((one, other) => one + other);
  const close = (found: number, expected: number) => assert.ok(Math.abs(found - expected) < 1e-5);
  close(
    value(abT, 1, 2, 0),
    sum(four, (at) => value(a, 1, 2, at) * value(b, 1, 0, at)),
  );
  close(
    value(aTb, 1, 3, 1),
    sum(three, (at) => value(a, 1, at, 3) * value(b, 1, at, 1)),
  );
  close(value(aTbT, 1, 3, 1), value(aTb, 1, 3, 1));
  // The three results, and the transposed argument.
  assert.equal(tf.memory().numDataBuffers, buffers + 4);
});
