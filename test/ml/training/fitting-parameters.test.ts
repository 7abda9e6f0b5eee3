import assert from "node:assert/strict";
import { test } from "node:test";
import { TransformerParameters } from "../../../src/ml/models/transformer/transformer-parameters.ts";
import {
  fittingParameters,
  fittingTraining,
} from "../../../src/ml/training/parameters/fitting-parameters.ts";
import { TrainingParameters } from "../../../src/ml/training/parameters/training-parameters.ts";

const defaults = TrainingParameters.parse({});

test("as much data as MovieLens-1M is trained on as asked for", () => {
  assert.deepEqual(fittingTraining(defaults, 638_437), defaults);
});

test("less data is learned from in smaller steps, which warm-up and average leave most of", () => {
  const { tokens, warmup, averageDecay, ...same } = fittingTraining(defaults, 29_000);
  assert.deepEqual({ tokens, warmup }, { tokens: 512, warmup: 91 });
  assert.equal(averageDecay.toFixed(4), "0.9945");
  assert.deepEqual({ ...same, tokens: 3200, warmup: 100, averageDecay: 0.998 }, defaults);
  assert.equal(fittingTraining(defaults, 100_000).tokens, 1563, "an epoch has 64 steps");
});

test("of a handful the weights themselves are kept, and what was asked for is never exceeded", () => {
  const few = fittingTraining(defaults, 10);
  assert.deepEqual([few.tokens, few.warmup], [512, 2]);
  assert.ok(few.averageDecay >= 0 && few.averageDecay < 0.7);
  assert.equal(fittingTraining({ ...defaults, epochs: 1 }, 10).averageDecay, 0);
  const asked = { ...defaults, tokens: 96, warmup: 3, averageDecay: 0.5 };
  assert.deepEqual(fittingTraining(asked, 3_000), asked);
});

test("a catalogue that is too large for a Markov prior goes without, and says so", () => {
  const wanted = TransformerParameters.parse({ markovPrior: true });
  const said: string[] = [];
  const prior = (training: TrainingParameters, items: number) =>
    fittingParameters(wanted, training, items, (say) => said.push(say)).markovPrior;
  assert.equal(prior(defaults, 3_417), true);
  assert.deepEqual(said, []);
  assert.equal(prior({ ...defaults, negatives: 512 }, 3_417), false);
  assert.equal(prior({ ...defaults, negatives: 0 }, 1_000_000), false);
  assert.match(said[0]!, /^no Markov prior: .* drawn negatives$/);
  assert.match(said[1]!, /^no Markov prior: .* there are 1000000$/);
});
