import assert from "node:assert/strict";
import { test } from "node:test";
import { seeded } from "../../../src/base/random.ts";
import { eagerStep } from "../../../src/ml/engines/eager-step.ts";
import { makeStep } from "../../../src/ml/engines/make-step.ts";
import { initialState, type TrainingStep } from "../../../src/ml/engines/training-step.ts";
import { fitMarkov } from "../../../src/ml/models/markov.ts";
import { BaselineParameters } from "../../../src/ml/models/parameters.ts";
import { initialWeights } from "../../../src/ml/models/transformer/network.ts";
import { TransformerParameters } from "../../../src/ml/models/transformer/transformer-parameters.ts";
import { batchMaker } from "../../../src/ml/training/batches/training-batch.ts";
import { transformerStep } from "../../../src/ml/training/networks/transformer-step.ts";
import { TrainingParameters } from "../../../src/ml/training/parameters/training-parameters.ts";
import { openOrReason } from "../engines/open-or-reason.ts";
import { toy } from "../toy.ts";

const { engine, skip } = await openOrReason("tensorflow");
const train = await toy({ a: "x y z w", b: "y x w", c: "w z y x v" });
const markov = fitMarkov(train, BaselineParameters.parse({}).markov);
const content = { shape: [5, 2], values: Float32Array.from({ length: 10 }, (_, index) => Math.cos(index)) };

const variants: [string, { prior: boolean; negatives: number }][] = [
  ["whole catalogue", { prior: false, negatives: 0 }],
  ["Markov prior", { prior: true, negatives: 0 }],
  ["drawn negatives", { prior: false, negatives: 3 }],
  ["Markov prior among drawn negatives", { prior: true, negatives: 3 }],
];
for (const [name, { prior, negatives }] of variants)
  test(`the transformer's compiled step trains as the eager one: ${name}`, { skip }, async () => {
    const parameters = TransformerParameters.parse({
      ...{ dimension: 8, context: 6, dropout: 0.3, contentDimension: 2, markovPrior: prior },
    });
    const training = TrainingParameters.parse({});
    const state = initialState(initialWeights(5, parameters, seeded(1)));
    const form = { rows: 2, width: 5, negatives, memory: prior ? markov.parameters.memory : 0 };
    const definition = transformerStep({
      ...{ state, parameters, training, form, content },
      markov: prior ? markov : undefined,
    });
    const makeBatch = batchMaker(
      train,
      form,
      parameters.context,
      prior ? { markov, epsilon: 1e-3 } : undefined,
    );
    const losses = async (step: TrainingStep) => {
      const found: number[] = [];
      for (let run = 0; run < 4; run++) {
        const { inputs } = makeBatch([[0, 1], [2]].reverse().slice(run % 2), seeded(run));
        found.push(await step.run(inputs, 0.01, run));
      }
      return found;
    };
    const compiled = makeStep(engine!, definition, assert.fail);
    const eager = eagerStep(definition, engine!.operations);
    const [found, expected] = [await losses(compiled), await losses(eager)];
    for (const [index, loss] of found.entries())
      assert.ok(Math.abs(loss - expected[index]!) < 1e-4, `step ${index}: ${loss}, eager ${expected[index]}`);
    const [one, other] = [await compiled.state(), await eager.state()];
    for (const [weight, { values }] of Object.entries(other.weights))
      for (const [index, value] of values.entries())
        assert.ok(Math.abs(one.weights[weight]!.values[index]! - value) < 1e-3, weight);
    compiled.dispose();
    eager.dispose();
  });
