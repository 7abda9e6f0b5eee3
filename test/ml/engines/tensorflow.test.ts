import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { seeded } from "../../../src/base/random.ts";
import { eagerStep } from "../../../src/ml/engines/eager-step.ts";
import type { Engine } from "../../../src/ml/engines/engine.ts";
import type { HostTensors } from "../../../src/ml/engines/host-tensor.ts";
import { makeStep } from "../../../src/ml/engines/make-step.ts";
import {
  initialState,
  type StepDefinition,
  type StepState,
  stateSlots,
  type TrainingStep,
} from "../../../src/ml/engines/training-step.ts";
import { checkNumerics } from "./check-numerics.ts";
import { openOrReason } from "./open-or-reason.ts";

const { engine: opened, skip } = await openOrReason("tensorflow");
const engine = opened as Engine;

const random = seeded(3);
const drawn = (...shape: number[]) => ({
  shape,
  values: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal()),
});
const ids = (...values: number[]) => ({ shape: [values.length], values: Int32Array.from(values) });

/** A small network that uses every operation: what a step can be made of. */
const definition: StepDefinition = {
  state: initialState({
    table: drawn(6, 4),
    gain: drawn(4),
    bias: drawn(4),
    scale: { shape: [], values: Float32Array.of(0.5) },
    unused: drawn(2),
  }),
  constants: { prior: drawn(7, 6) },
  inputs: {
    ids: { shape: [4], type: "int32" },
    targets: { shape: [4], type: "int32" },
    rows: { shape: [4, 2], type: "int32" },
    weights: { shape: [4, 1], type: "float32" },
  },
  adam: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, averageDecay: 0.9 },
  loss({ weights, constants, inputs }, operations, seed) {
    const table = weights.table as tf.Tensor2D;
    const x = operations.dropout(operations.embed(table, inputs.ids as tf.Tensor1D), 0.25, seed, 0);
    const y = operations.layerNorm(x, weights.gain as tf.Tensor1D, weights.bias as tf.Tensor1D);
    const heads = tf.reshape(operations.relu(y), [1, 1, 4, 4]) as tf.Tensor4D;
    const mixed = operations.attention(heads, heads, heads, tf.zeros([4, 4]));
    return operations.softmaxLoss({
      states: tf.reshape(mixed, [4, 4]) as tf.Tensor2D,
      items: table,
      targets: inputs.targets as tf.Tensor1D,
      weights: inputs.weights as tf.Tensor2D,
      prior: {
        scores: operations.gatherSum(constants.prior as tf.Tensor2D, inputs.rows as tf.Tensor2D),
        weight: weights.scale as tf.Scalar,
      },
    });
  },
};

const inputs: HostTensors = {
  ids: ids(0, 3, 3, 5),
  targets: ids(1, 2, 0, 4),
  rows: { shape: [4, 2], values: Int32Array.of(0, 1, 2, 6, 3, 3, 5, 4) },
  weights: { shape: [4, 1], values: Float32Array.of(0.25, 0.25, 0.5, 0) },
};

async function train(step: TrainingStep, seeds: readonly number[]): Promise<number[]> {
  const losses: number[] = [];
  for (const seed of seeds) losses.push(await step.run(inputs, 0.01, seed));
  return losses;
}

function close(found: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  assert.equal(found.length, expected.length, what);
  for (let index = 0; index < found.length; index++)
    assert.ok(
      Math.abs(found[index]! - expected[index]!) < 1e-4,
      `${what}: ${found[index]}, expected ${expected[index]}`,
    );
}

function closeStates(found: StepState, expected: StepState): void {
  assert.equal(found.steps, expected.steps);
  for (const slot of stateSlots)
    for (const [name, { shape, values }] of Object.entries(expected[slot])) {
      assert.deepEqual(found[slot][name]!.shape, shape, `${slot} ${name}`);
      close(found[slot][name]!.values, values, `${slot} ${name}`);
    }
}

test("tensorflow: values and gradients are those of float64", { skip }, async () => {
  await checkNumerics(engine);
});

test("a compiled step has the losses and ends in the state of the eager one, dropout included", {
  skip,
}, async () => {
  const compiled = makeStep(engine, definition);
  const eager = eagerStep(definition, engine.operations);
  assert.deepEqual([compiled.mode, eager.mode], ["compiled", "eager"]);
  const seeds = [1, 2, 3, 4, 5, 6];
  const losses = await train(compiled, seeds);
  close(losses, await train(eager, seeds), "losses");
  assert.ok(losses.at(-1)! < losses[0]!);
  closeStates(await compiled.state(), await eager.state());
  const tensors = tf.memory().numTensors;
  await train(compiled, seeds);
  assert.equal(tf.memory().numTensors, tensors, "no tensor is left behind by a step");
  compiled.dispose();
  eager.dispose();
});

test("a compiled step goes on from another one's state as if there had been no break", { skip }, async () => {
  const whole = makeStep(engine, definition);
  await train(whole, [1, 2, 3, 4]);
  const first = makeStep(engine, definition);
  await train(first, [1, 2]);
  const second = makeStep(engine, { ...definition, state: await first.state() });
  await train(second, [3, 4]);
  closeStates(await second.state(), await whole.state());
  for (const step of [whole, first, second]) step.dispose();
});

test("a compiled step refuses inputs of another shape or type, or absent ones", { skip }, async () => {
  const step = makeStep(engine, definition);
  const refused = { code: "STEP_INPUT_INVALID", message: /ids .* must be int32 \[4\], not/ };
  await assert.rejects(step.run({ ...inputs, ids: ids(0, 1, 2) }, 0.01, 1), refused);
  await assert.rejects(
    step.run({ ...inputs, ids: { shape: [4], values: new Float32Array(4) } }, 0.01, 1),
    refused,
  );
  const { ids: _, ...without } = inputs;
  await assert.rejects(step.run(without, 0.01, 1), refused);
  step.dispose();
});

test("a step that cannot be compiled is run operation by operation, and says why", { skip }, async () => {
  const reasons: string[] = [];
  const odd: StepDefinition = {
    ...definition,
    loss(tensors, operations, seed) {
      tensors.inputs.ids!.dataSync();
      return definition.loss(tensors, operations, seed);
    },
  };
  const step = makeStep(engine, odd, (reason) => reasons.push(reason));
  assert.equal(step.mode, "eager");
  assert.match(reasons.join(), /could not be compiled: Error: the step reads the values of a tensor/);
  const ordinary = makeStep(engine, definition);
  close(await train(step, [1, 2]), await train(ordinary, [1, 2]), "losses");
  step.dispose();
  ordinary.dispose();
  const foreign = tf.add(tf.tensor1d([1, 2, 3, 4]), 1);
  const closure: StepDefinition = {
    ...definition,
    loss: ({ weights }) => tf.sum(tf.mul(weights.gain!, foreign)),
  };
  const second = makeStep(engine, closure, (reason) => reasons.push(reason));
  assert.match(reasons[1]!, /uses a tensor from outside the step/);
  second.dispose();
  foreign.dispose();
});

test("what TensorFlow refuses in a step is an error that says where to go on", { skip }, async () => {
  const step = makeStep(engine, definition);
  // Only the CPU kernels check the range of what they gather.
  if (engine.device.startsWith("CPU"))
    await assert.rejects(step.run({ ...inputs, ids: ids(0, 1, 2, 99) }, 0.01, 1), {
      code: "ENGINE_FAILED",
      message: /99.*last checkpoint/s,
    });
  step.dispose();
});
