import assert from "node:assert/strict";
import { test } from "node:test";
import { seeded } from "../../../src/base/random.ts";
import { openEngine } from "../../../src/ml/engines/open-engine.ts";
import { fitMarkov } from "../../../src/ml/models/markov.ts";
import { BaselineParameters } from "../../../src/ml/models/parameters.ts";
import { extendCatalogue } from "../../../src/ml/models/transformer/extend-catalogue.ts";
import { initialWeights } from "../../../src/ml/models/transformer/network.ts";
import { Transformer, type TransformerModel } from "../../../src/ml/models/transformer/transformer.ts";
import { TransformerParameters } from "../../../src/ml/models/transformer/transformer-parameters.ts";
import { toy } from "../toy.ts";

test("a new video enters by its content: one like another scores like its content, old scores stay", async () => {
  const engine = await openEngine("wasm");
  const dataset = await toy({ a: "x y z", b: "y z x" });
  const parameters = TransformerParameters.parse({
    dimension: 8,
    context: 4,
    contentDimension: 2,
    markovPrior: true,
  });
  const weights = initialWeights(3, parameters, seeded(1));
  // An item that is its content alone, to compare with.
  weights.items!.values.fill(0, 2 * 8, 3 * 8);
  const model: TransformerModel = {
    parameters,
    weights,
    content: { shape: [3, 2], values: Float32Array.of(1, 0, 0, 1, 0.6, 0.8) },
    popularity: { shape: [3], values: Float32Array.of(1, 1, 1) },
    markov: fitMarkov(dataset, BaselineParameters.parse({}).markov),
  };
  const content = { shape: [4, 2], values: Float32Array.of(0.6, 0.8, 1, 0, 0, 1, 0.6, 0.8) };
  const extended = extendCatalogue(model, ["x", "y", "z"], ["new", "x", "y", "z"], content);
  const before = await new Transformer(model, engine).score([Int32Array.of(0)]);
  const after = await new Transformer(extended, engine).score([Int32Array.of(1)]);
  assert.deepEqual(after.subarray(1), before);
  // Nobody went to the new one yet: its prior is the least there is.
  const prior = extended.weights.prior!.values[0]!;
  const norm = [0, 1, 2, 3, 4].reduce((sum, back) => sum + 0.7 ** back, 0);
  const share = (await model.markov!.score([Int32Array.of(0)]))[2]! / norm;
  const gap = prior * (Math.log(share + 3e-4) - Math.log(3e-4));
  assert.ok(Math.abs(after[3]! - gap - after[0]!) < 1e-4);
});
