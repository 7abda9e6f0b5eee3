import assert from "node:assert/strict";
import { test } from "node:test";
import { TransformerParameters } from "../../../src/ml/models/transformer/transformer-parameters.ts";
import {
  fittingParameters,
  fittingTraining,
} from "../../../src/ml/training/parameters/fitting-parameters.ts";
import { TrainingParameters } from "../../../src/ml/training/parameters/training-parameters.ts";

const asked = TrainingParameters.parse({});
/** What the defaults are on ML-1M. */
const defaults = { ...asked, epochs: 32, negatives: 0 };
const sized = (places: number, items = 3_417) => ({ places, items, dimension: 64 });

test("as much data as MovieLens-1M is trained on as asked for", () => {
  assert.deepEqual(fittingTraining(asked, sized(638_437)), defaults);
});

test("less data is learned from in smaller steps, which warm-up and average leave most of", () => {
  const { tokens, warmup, averageDecay, ...same } = fittingTraining(defaults, sized(29_000));
  assert.deepEqual({ tokens, warmup }, { tokens: 512, warmup: 91 });
  assert.equal(averageDecay.toFixed(4), "0.9945");
  assert.deepEqual({ ...same, tokens: 3200, warmup: 100, averageDecay: 0.998 }, defaults);
  assert.equal(fittingTraining(defaults, sized(100_000)).tokens, 1563, "an epoch has 64 steps");
});

test("of a handful the weights themselves are kept, and what was asked for is never exceeded", () => {
  const few = fittingTraining(defaults, sized(10));
  assert.deepEqual([few.tokens, few.warmup], [512, 2]);
  assert.ok(few.averageDecay >= 0 && few.averageDecay < 0.7);
  assert.equal(fittingTraining({ ...defaults, epochs: 1 }, sized(10)).averageDecay, 0);
  const less = { ...defaults, tokens: 96, warmup: 3, averageDecay: 0.5 };
  assert.deepEqual(fittingTraining(less, sized(3_000)), less);
});

test("a shorter pass is repeated more often, up to a bound", () => {
  const epochs = [638_437, 400_000, 130_000].map((places) => fittingTraining(asked, sized(places)).epochs);
  assert.deepEqual(epochs, [32, 51, 64]);
  assert.equal(fittingTraining({ ...asked, epochs: 5 }, sized(130_000)).epochs, 5);
});

test("negatives are drawn where softmax over the whole catalogue costs too much, however large that is", () => {
  const negatives = (places: number, items: number, given = asked) =>
    fittingTraining(given, sized(places, items)).negatives;
  assert.equal(negatives(638_437, 3_417), 0);
  assert.equal(negatives(638_437, 12_101), 1024);
  assert.equal(negatives(131_413, 12_101), 1024);
  assert.equal(negatives(20_000, 30_000), 0, "a large catalogue of which little is known");
  assert.equal(negatives(1e9, 1_000), 0, "there are fewer items than would be drawn");
  assert.equal(negatives(638_437, 3_417, { ...asked, negatives: 100 }), 100);
  assert.equal(negatives(638_437, 12_101, { ...asked, negatives: 0 }), 0);
});

test("a Markov prior has no limit among drawn negatives, and one over a whole catalogue", () => {
  const wanted = TransformerParameters.parse({ markovPrior: true });
  const said: string[] = [];
  const prior = (negatives: number, items: number) =>
    fittingParameters(wanted, { ...defaults, negatives }, items, (say) => said.push(say)).markovPrior;
  assert.deepEqual([prior(0, 3_417), prior(512, 3_417), prior(512, 1_000_000)], [true, true, true]);
  assert.deepEqual(said, []);
  assert.equal(prior(0, 1_000_000), false);
  assert.match(said[0]!, /^no Markov prior: .* there are 1000000; give "negatives"/);
});
