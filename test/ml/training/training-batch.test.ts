import assert from "node:assert/strict";
import { test } from "node:test";
import { seeded } from "../../../src/base/random.ts";
import { fitMarkov } from "../../../src/ml/models/markov.ts";
import { BaselineParameters } from "../../../src/ml/models/parameters.ts";
import { priorTable } from "../../../src/ml/models/transformer/markov-prior.ts";
import { batchMaker, inputForms } from "../../../src/ml/training/batches/training-batch.ts";
import { learningRate, TrainingParameters } from "../../../src/ml/training/parameters/training-parameters.ts";
import { toy } from "../toy.ts";

// x 0, y 1, z 2, w 3
const train = await toy({ a: "x y z w", b: "y x", c: "w" });
const fixed = (values: ArrayLike<number>) => Array.from(values, (value) => Math.round(value * 1000) / 1000);

test("a batch: windows side by side, each place with its target, its own segment and an equal weight", () => {
  const form = { rows: 2, width: 4, negatives: 0, memory: 0 };
  const { inputs, tokens } = batchMaker(train, form, 2, undefined)([[0, 1]], seeded(1));
  assert.equal(tokens, 3);
  assert.deepEqual(
    Object.fromEntries(
      Object.entries(inputs).map(([name, { shape, values }]) => [name, [shape, fixed(values)]]),
    ),
    {
      // The context of 2 leaves a's last two steps: y -> z, z -> w.
      ids: [[8], [1, 2, 1, 0, 0, 0, 0, 0]],
      targets: [[8], [2, 3, 0, 0, 0, 0, 0, 0]],
      positions: [[8], [0, 1, 0, 0, 0, 0, 0, 0]],
      segments: [
        [2, 4],
        [0, 0, 1, -1, -1, -1, -1, -1],
      ],
      weights: [
        [8, 1],
        [0.333, 0.333, 0.333, 0, 0, 0, 0, 0],
      ],
    },
  );
});

test("a batch's prior: the rows of the table sum to Markov's scores; without its own share a place knows no answer", async () => {
  const parameters = BaselineParameters.parse({ markov: { reach: 2, memory: 2 } }).markov;
  const markov = fitMarkov(train, parameters);
  const form = { rows: 1, width: 4, negatives: 0, memory: 2 };
  const { inputs } = batchMaker(train, form, 4, { markov, epsilon: 1e-3 })([[0]], seeded(1));
  const { values: table } = priorTable(markov);
  const rows = inputs.priorRows!.values;
  const expected = await markov.score([Int32Array.of(0, 1)]);
  // After x y, the place that is asked for z.
  const summed = [0, 1, 2, 3].map((item) => table[rows[2]! * 4 + item]! + table[rows[3]! * 4 + item]!);
  assert.deepEqual(fixed(summed), fixed(expected.map((score) => score / 1.7)));
  // Nobody else went to z after x y: what is left of its score is nothing.
  assert.ok(Math.abs(summed[2]! - inputs.ownShares!.values[1]!) < 1e-6);
});

test("among drawn negatives the prior lifts what it expects, as the table does, and a place knows no answer", () => {
  const parameters = BaselineParameters.parse({ markov: { reach: 2, memory: 2 } }).markov;
  const prior = { markov: fitMarkov(train, parameters), epsilon: 1e-3 };
  const made = (negatives: number, rows: number[][]) => {
    const form = { rows: 1, width: 4, negatives, memory: 2 };
    const { inputs } = batchMaker(train, form, 4, prior)(rows, seeded(1));
    assert.deepEqual(Object.keys(inputForms(form)).sort(), Object.keys(inputs).sort());
    return inputs;
  };
  const inputs = made(50, [[0, 1]]);
  const { priorRows, ownShares } = made(0, [[0, 1]]);
  const { values: table } = priorTable(prior.markov);
  const share = (place: number, item: number) =>
    [0, 1].reduce((sum, back) => sum + table[priorRows!.values[2 * place + back]! * 4 + item]!, 0);
  const lift = (probability: number) => Math.log(probability + 1e-3) - Math.log(1e-3);
  for (let place = 0; place < 4; place++) {
    const target = inputs.targets!.values[place]!;
    const own = lift(Math.max(0, share(place, target) - ownShares!.values[place]!));
    assert.ok(Math.abs(inputs.targetLifts!.values[place]! - own) < 1e-3, `place ${place}`);
    for (const [index, item] of inputs.negatives!.values.entries())
      assert.ok(
        Math.abs(inputs.negativeLifts!.values[place * 50 + index]! - lift(share(place, item))) < 1e-3,
      );
  }
  assert.ok(inputs.negativeLifts!.values.some((value) => value > 0));
});

test("negatives come with the logarithm of how often they are expected", () => {
  const form = { rows: 1, width: 4, negatives: 2000, memory: 0 };
  const { inputs } = batchMaker(train, form, 4, undefined)([[0]], seeded(1));
  const drawn = inputs.negatives!.values as Int32Array;
  for (const item of [0, 1, 2, 3]) {
    const found = drawn.filter((one) => one === item).length;
    const log = inputs.negativeLogs!.values[drawn.indexOf(item)]!;
    assert.ok(Math.abs(found - Math.exp(log)) < 100, `item ${item}: ${found}, expected ${Math.exp(log)}`);
  }
  assert.deepEqual(Object.keys(inputForms(form)).sort(), Object.keys(inputs).sort());
});

test("the learning rate rises, then falls to a fiftieth", () => {
  const training = TrainingParameters.parse({ learningRate: 1, warmup: 9 });
  const rates = [0, 9, 500, 1000].map((step) => learningRate(step, 1000, training));
  assert.deepEqual(fixed(rates), [0.1, 1, 0.51, 0.02]);
});
