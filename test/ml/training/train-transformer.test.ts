import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { seeded } from "../../../src/base/random.ts";
import { collectDataset } from "../../../src/ml/dataset.ts";
import { eagerStep } from "../../../src/ml/engines/eager-step.ts";
import { openEngine } from "../../../src/ml/engines/open-engine.ts";
import { initialState } from "../../../src/ml/engines/training-step.ts";
import { fitMarkov } from "../../../src/ml/models/markov.ts";
import { BaselineParameters } from "../../../src/ml/models/parameters.ts";
import type { Recommender } from "../../../src/ml/models/recommender.ts";
import { initialWeights } from "../../../src/ml/models/transformer/network.ts";
import { TransformerParameters } from "../../../src/ml/models/transformer/transformer-parameters.ts";
import { leaveLastOut } from "../../../src/ml/split.ts";
import { batchMaker } from "../../../src/ml/training/batches/training-batch.ts";
import { fitBlend } from "../../../src/ml/training/fit-blend.ts";
import {
  type TrainTransformerOptions,
  trainTransformer,
} from "../../../src/ml/training/networks/train-transformer.ts";
import { transformerStep } from "../../../src/ml/training/networks/transformer-step.ts";
import { TrainingParameters } from "../../../src/ml/training/parameters/training-parameters.ts";

const folder = await mkdtemp(join(tmpdir(), "kiln-training-"));
after(() => rm(folder, { recursive: true }));
const engine = await openEngine("wasm");

/** Users walk around a ring of items, each from a place and with a stride of its own: two steps tell what follows. */
const items = 12;
const dataset = await collectDataset(
  Array.from({ length: 60 }, (_, user) =>
    Array.from({ length: 7 }, (_, step) => ({
      user: `u${user}`,
      item: `i${(user + step * (user % 2 === 0 ? 1 : 5)) % items}`,
    })),
  ).flat(),
);
const split = leaveLastOut(dataset, "test", "train and validation");
const markov = fitMarkov(split.train, BaselineParameters.parse({}).markov);
const small = { dimension: 16, context: 8, dropout: 0.1 };
const quick = { epochs: 12, tokens: 96, learningRate: 0.02, warmup: 5, evaluateEvery: 4, averageDecay: 0.9 };

const options = (given: {
  parameters?: object;
  training?: object;
  rest?: Partial<TrainTransformerOptions>;
}): TrainTransformerOptions => ({
  engine,
  markov,
  parameters: TransformerParameters.parse({ ...small, ...given.parameters }),
  training: TrainingParameters.parse({ ...quick, ...given.training }),
  seed: 1,
  ...given.rest,
});

test("training learns a rule that needs two steps of history", async () => {
  const { best, curve, mode, steps } = await trainTransformer(split, options({}));
  assert.ok(best.ndcg > 0.9, `NDCG@10 ${best.ndcg}`);
  assert.equal(mode, "eager");
  assert.equal(steps, 12 * 4);
  assert.deepEqual(
    curve.map(({ epoch, ndcg }) => [epoch, ndcg !== undefined]),
    Array.from({ length: 12 }, (_, index) => [index + 1, index % 4 === 3]),
  );
});

test("training with drawn negatives, with a Markov prior, with content learns the rule, too", async () => {
  const content = {
    shape: [dataset.items.length, 3],
    values: Float32Array.from({ length: 36 }, (_, i) => Math.sin(i)),
  };
  const variants = [
    options({ training: { negatives: 6 } }),
    options({ parameters: { markovPrior: true } }),
    options({ parameters: { markovPrior: true }, training: { negatives: 6 } }),
    options({ parameters: { contentDimension: 3 }, rest: { content } }),
  ];
  for (const variant of variants) {
    const { best, model } = await trainTransformer(split, variant);
    assert.ok(best.ndcg > 0.8, `${JSON.stringify(variant.parameters)}: NDCG@10 ${best.ndcg}`);
    assert.equal(model.markov !== undefined, variant.parameters.markovPrior);
  }
});

test("histories in one row see nothing of each other: the loss is that of rows of their own", async () => {
  const parameters = TransformerParameters.parse({ ...small, dropout: 0 });
  const training = TrainingParameters.parse(quick);
  const state = initialState(initialWeights(items, parameters, seeded(1)));
  const loss = async (rows: number, width: number, packed: number[][]) => {
    const form = { rows, width, negatives: 0, memory: 0 };
    const { inputs } = batchMaker(split.train, form, 8, undefined)(packed, seeded(1));
    const step = eagerStep(transformerStep({ state, parameters, training, form }), engine.operations);
    const found = await step.run(inputs, 0.01, 1);
    step.dispose();
    return found;
  };
  const together = await loss(1, 20, [[0, 1, 2]]);
  const apart = await loss(3, 5, [[0], [1], [2]]);
  assert.ok(Math.abs(together - apart) < 1e-5, `${together} and ${apart}`);
});

test("a training that was stopped goes on from its checkpoint to the same model", async () => {
  const whole = await trainTransformer(split, options({}));
  const checkpoint = join(folder, "stopped.safetensors");
  const stop = new AbortController();
  let steps = 0;
  const stopping = options({
    rest: { checkpoint, signal: stop.signal, onProgress: () => ++steps === 18 && stop.abort() },
  });
  await assert.rejects(trainTransformer(split, stopping), { name: "AbortError" });
  const resumed = await trainTransformer(split, options({ rest: { checkpoint, resume: true } }));
  assert.deepEqual(resumed.curve, whole.curve);
  assert.deepEqual(resumed.best, whole.best);
  assert.deepEqual(resumed.model.weights, whole.model.weights);
});

test("training stops when the validation items get no better", async () => {
  // A rate that changes nothing: no look after the first can be better.
  const training = { epochs: 50, learningRate: 1e-12, evaluateEvery: 1, patience: 3 };
  const { curve, best } = await trainTransformer(split, options({ training }));
  assert.equal(curve.length, 4);
  assert.equal(best.epoch, 1);
});

test("a loss that is not a number ends the training with what to do", async () => {
  const weights = initialWeights(items, TransformerParameters.parse(small), seeded(1));
  weights.gain!.values.fill(Number.NaN);
  await assert.rejects(trainTransformer(split, options({ rest: { warmStart: weights } })), {
    code: "LOSS_NOT_A_NUMBER",
    message: /epoch 1 .* lower learningRate/,
  });
});

test("a checkpoint that cannot be written gives a notice, and training continues", async () => {
  await writeFile(join(folder, "file"), "");
  const notices: string[] = [];
  const checkpoint = join(folder, "file", "checkpoint.safetensors");
  const rest = { checkpoint, onNotice: (say: string) => notices.push(say) };
  const { curve } = await trainTransformer(split, options({ training: { epochs: 2 }, rest }));
  assert.equal(curve.length, 2);
  assert.match(notices[0]!, /no checkpoint could be written to .*; training continues without one/);
});

test("a checkpoint of another training, or a damaged one, is not taken up", async () => {
  const checkpoint = join(folder, "other.safetensors");
  await trainTransformer(split, options({ training: { epochs: 1 }, rest: { checkpoint } }));
  const rest = { checkpoint, resume: true };
  await assert.rejects(trainTransformer(split, options({ training: { epochs: 2 }, rest })), {
    code: "CHECKPOINT_OF_ANOTHER",
  });
  await writeFile(checkpoint, "damaged");
  await assert.rejects(trainTransformer(split, options({ training: { epochs: 1 }, rest })), {
    code: "MODEL_CORRUPT",
  });
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.endsWith(".new")),
    [],
  );
});

test("a blend weighs Markov by what helps: not at all beside a network that knows, much beside a blind one", async () => {
  const answers = new Map(split.cases.map(({ history, target }) => [history, target]));
  const network = (certainty: number): Recommender => ({
    name: "made up",
    items,
    score: async (histories) => {
      const scores = new Float32Array(histories.length * items);
      for (const [row, history] of histories.entries())
        scores[row * items + answers.get(history)!] = certainty;
      return scores;
    },
  });
  const knowing = await fitBlend({ networks: [network(9)], markov }, split.cases);
  assert.deepEqual([knowing.blend.weights.markovWeight, knowing.ndcg], [0, 1]);
  const blind = await fitBlend({ networks: [network(0)], markov }, split.cases);
  assert.ok(blind.blend.weights.markovWeight > 0 && blind.ndcg > 0.5);
});
