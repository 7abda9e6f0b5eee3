import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { seeded } from "../../../src/base/random.ts";
import { openEngine } from "../../../src/ml/engines/open-engine.ts";
import { Blend } from "../../../src/ml/models/blend.ts";
import { fitMarkov } from "../../../src/ml/models/markov.ts";
import { BaselineParameters } from "../../../src/ml/models/parameters.ts";
import type { Recommender } from "../../../src/ml/models/recommender.ts";
import {
  describeBlend,
  describeMarkov,
  describeTransformer,
} from "../../../src/ml/models/stored/describe-model.ts";
import { loadRecommender } from "../../../src/ml/models/stored/load-recommender.ts";
import { writeModel } from "../../../src/ml/models/stored/model-folder.ts";
import { initialWeights } from "../../../src/ml/models/transformer/network.ts";
import { Transformer, type TransformerModel } from "../../../src/ml/models/transformer/transformer.ts";
import { TransformerParameters } from "../../../src/ml/models/transformer/transformer-parameters.ts";
import { toy } from "../toy.ts";

const folder = await mkdtemp(join(tmpdir(), "kiln-models-"));
after(() => rm(folder, { recursive: true }));

const dataset = await toy({ a: "x y z w", b: "x y w", c: "y w z" });
const { items } = dataset;
const histories = [[0], [1, 2], [], [3, 0, 1]].map((history) => Int32Array.from(history));
const markov = fitMarkov(dataset, BaselineParameters.parse({}).markov);
const engine = await openEngine("wasm");

function untrained(seed: number, parameters: object): TransformerModel {
  const form = TransformerParameters.parse({ dimension: 8, context: 4, ...parameters });
  return {
    parameters: form,
    weights: initialWeights(items.length, form, seeded(seed)),
    popularity: { shape: [items.length], values: Float32Array.of(1, 2, 3, 4) },
    ...(form.markovPrior ? { markov } : {}),
    ...(form.contentDimension > 0
      ? { content: { shape: [items.length, 2], values: Float32Array.of(1, 0, 0, 1, 1, 1, 0, 0) } }
      : {}),
  };
}
const plain = untrained(1, { contentDimension: 2 });
const withPrior = untrained(2, { markovPrior: true });
const blend = new Blend(
  { networks: [new Transformer(plain, engine), new Transformer(withPrior, engine)], markov },
  { markovWeight: 0.5, markovEpsilon: 1e-3 },
);

const kinds: [
  string,
  Pick<Recommender, "score">,
  ReturnType<typeof describeMarkov | typeof describeTransformer | typeof describeBlend>,
][] = [
  ["markov", markov, describeMarkov(markov)],
  ["transformer", new Transformer(plain, engine), describeTransformer(plain)],
  ["transformer with a prior", new Transformer(withPrior, engine), describeTransformer(withPrior)],
  ["blend", blend, describeBlend([plain, withPrior], blend)],
];
for (const [kind, model, described] of kinds) {
  test(`a model that was written and loaded scores as before: ${kind}`, async () => {
    const own = join(folder, kind);
    await writeModel(own, { ...described, items });
    const loaded = await loadRecommender(own, { engine: "wasm" });
    assert.deepEqual(loaded.items, items);
    assert.deepEqual(loaded.description, described.description);
    const expected = await model.score(histories);
    const found = await loaded.recommender.score(histories);
    assert.equal(found.length, expected.length);
    // Markov adds up its counts in another order.
    for (const [index, score] of found.entries()) assert.ok(Math.abs(score - expected[index]!) < 1e-5);
  });
}

test("a transformer scores who has no history by popularity, and a batch as it scores alone", async () => {
  const model = new Transformer(plain, engine);
  const together = await model.score(histories);
  assert.deepEqual(together.subarray(8, 12), Float32Array.of(1, 2, 3, 4));
  const alone = await model.score([histories[1]!]);
  for (const [index, score] of alone.entries()) assert.ok(Math.abs(score - together[4 + index]!) < 1e-5);
});

test("a blend's scores are the mean of log-probabilities plus Markov's logarithm", async () => {
  const scores = await blend.score([histories[0]!]);
  const logs = [];
  for (const network of blend.parts.networks) {
    const logits = Array.from(await network.score([histories[0]!]));
    const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    logs.push(logits.map((logit) => logit - total));
  }
  const norm = [0, 1, 2, 3, 4].reduce((sum, back) => sum + 0.7 ** back, 0);
  const probabilities = await markov.score([histories[0]!]);
  for (const [item, score] of scores.entries()) {
    const expected =
      (logs[0]![item]! + logs[1]![item]!) / 2 +
      0.5 * (Math.log(probabilities[item]! / norm + 1e-3) - Math.log(1e-3));
    assert.ok(Math.abs(score - expected) < 1e-5);
  }
});

test("a missing or damaged model is refused, whatever is damaged", async () => {
  await assert.rejects(loadRecommender(join(folder, "none")), { code: "MODEL_NOT_FOUND" });
  const own = join(folder, "damaged");
  const corrupt = { code: "MODEL_CORRUPT" };
  const write = () => writeModel(own, { ...describeTransformer(plain), items });
  await write();
  const weights = await readFile(join(own, "weights.safetensors"));
  await writeFile(join(own, "weights.safetensors"), weights.subarray(0, weights.length - 1));
  await assert.rejects(loadRecommender(own), corrupt);
  await writeFile(join(own, "weights.safetensors"), "not tensors");
  await assert.rejects(loadRecommender(own), corrupt);
  await write();
  await writeFile(join(own, "items.json"), JSON.stringify(items.slice(1)));
  await assert.rejects(loadRecommender(own, { engine: "wasm" }), corrupt);
  await write();
  await writeFile(join(own, "model.json"), '{"format":1,"model":{"kind":"oracle"}}');
  await assert.rejects(loadRecommender(own), corrupt);
});
