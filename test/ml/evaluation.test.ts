import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { seeded } from "../../src/base/random.ts";
import { collectDataset } from "../../src/ml/dataset.ts";
import { readInteractions } from "../../src/ml/datasets/interactions.ts";
import { bootstrapMean } from "../../src/ml/evaluation/bootstrap.ts";
import { type Evaluation, evaluate } from "../../src/ml/evaluation/evaluate.ts";
import { caseMetrics, listMetrics } from "../../src/ml/evaluation/metrics.ts";
import { rankAll, rankAmong } from "../../src/ml/evaluation/rank.ts";
import { fitMarkov } from "../../src/ml/models/markov.ts";
import { BaselineParameters } from "../../src/ml/models/parameters.ts";
import { fitPopularity } from "../../src/ml/models/popularity.ts";
import { rowByRow } from "../../src/ml/models/recommender.ts";
import { describeMarkov } from "../../src/ml/models/stored/describe-model.ts";
import { writeModel } from "../../src/ml/models/stored/model-folder.ts";
import { leaveLastOut } from "../../src/ml/split.ts";
import { toy } from "./toy.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const ml1m = `${process.env.KILN_TEST_DATA}/ml-1m.txt`;

test("a rank leaves out the history and shares places among ties", () => {
  const { rank, list } = rankAll(Float32Array.of(9, 5, 5, 5, 1, 7), Int32Array.of(0), 2);
  assert.equal(rank, 2);
  assert.deepEqual([...list], [5, 1, 2, 3, 4]);
  assert.equal(rankAmong(Float32Array.of(9, 5, 5, 1), 1, [0, 2, 3]), 1.5);
});

test("metrics of a rank", () => {
  const values = (rank: number) =>
    Object.values(caseMetrics).map((metric) => Math.round(metric(rank) * 1e4) / 1e4);
  assert.deepEqual(values(0), [1, 1, 1, 1, 1, 1]);
  assert.deepEqual(values(5), [0, 0, 1, 1, 0.3562, 0.1667]);
  assert.deepEqual(values(10), [0, 0, 0, 1, 0, 0.0909]);
});

test("metrics of all lists: coverage, inequality, novelty in bits", () => {
  const chosen = Uint32Array.of(4, 1, 0, 2);
  assert.deepEqual(listMetrics(Uint32Array.of(2, 2, 2, 2), chosen, 4), {
    coverage: 1,
    gini: 0,
    novelty: 1.5,
  });
  assert.deepEqual(listMetrics(Uint32Array.of(0, 8, 0, 0), chosen, 4), {
    coverage: 0.25,
    gini: 1,
    novelty: 2,
  });
});

test("a bootstrap interval holds the mean, is as wide as theory says, and counts users, not cases", () => {
  const random = seeded(1);
  const values = Float64Array.from({ length: 2000 }, () => (random.next() < 0.3 ? 1 : 0));
  const alone = bootstrapMean(values, Int32Array.from(values.keys()), { random: seeded(2) });
  const width = alone.high - alone.low;
  assert.ok(alone.low < alone.mean && alone.mean < alone.high);
  assert.ok(Math.abs(width - 2 * 1.96 * Math.sqrt((0.3 * 0.7) / 2000)) < 0.01, `${width}`);
  const tenfold = Float64Array.from({ length: 20_000 }, (_, index) => values[index % 2000]!);
  const users = Int32Array.from(tenfold.keys(), (index) => index % 2000);
  const repeated = bootstrapMean(tenfold, users, { random: seeded(2) });
  assert.ok(Math.abs(repeated.high - repeated.low - width) < 0.005);
});

test("an evaluation: all figures, segments, and sampled ones only when asked for", async () => {
  const split = leaveLastOut(await toy({ a: "x y z w", b: "x y z w", c: "y x z w" }), "test");
  const pop = fitPopularity(split.train);
  const { sampled100, ...full } = await evaluate(pop, split, { sampled: true });
  assert.deepEqual(full, await evaluate(pop, split));
  assert.equal(full.full["HR@1"].mean, 1);
  assert.equal(sampled100?.["HR@1"], 1);
  assert.deepEqual(
    full.segments.map(({ name, cases }) => [name, cases]),
    [
      ["new users (history of at most 5)", 3],
      ["heavy users (history of at least 3)", 3],
      ["new videos (chosen at most 5 times)", 3],
    ],
  );
});

test("scores that are no numbers stop an evaluation", async () => {
  const split = leaveLastOut(await toy({ a: "x y z w" }), "test");
  const broken = rowByRow("Broken", 4, (_, row) => row.fill(Number.NaN));
  await assert.rejects(evaluate(broken, split), { code: "MODEL_SCORES_INVALID", message: /Broken/ });
});

test("ML-1M, full ranking: Pop equals the published figures, Markov is above .1500 / .2561", {
  skip: existsSync(ml1m) ? false : "KILN_TEST_DATA names no folder with ml-1m.txt",
}, async () => {
  const split = leaveLastOut(await collectDataset(readInteractions(ml1m, "pairs")), "test");
  const pop = (await evaluate(fitPopularity(split.train), split)).full;
  assert.equal(pop["NDCG@10"].mean.toFixed(4), "0.0180");
  assert.equal(pop["HR@10"].mean.toFixed(4), "0.0369");
  const markov = (await evaluate(fitMarkov(split.train, BaselineParameters.parse({}).markov), split)).full;
  assert.ok(markov["NDCG@10"].mean >= 0.15 && markov["HR@10"].mean >= 0.2561);
});

test("kiln evaluate prints one document, says what was left out, and refuses what it does not know", async () => {
  const folder = await mkdtemp(join(tmpdir(), "kiln-evaluate-"));
  try {
    await writeFile(join(folder, "pairs.txt"), "a x\na y\na z\nb x\nb y\nb w\n");
    const kiln = (...args: string[]) =>
      new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
        const child = execFile(
          process.execPath,
          [main, "evaluate", ...args],
          { cwd: folder },
          (_, stdout, stderr) => resolve({ code: child.exitCode!, stdout, stderr }),
        );
      });
    const { markov } = BaselineParameters.parse({});
    // Trained on a catalogue of its own.
    const dataset = await toy({ c: "z y q", d: "x y z" });
    await writeModel(join(folder, "draft"), {
      ...describeMarkov(fitMarkov(dataset, markov)),
      items: dataset.items,
    });
    const document = JSON.parse((await kiln("--interactions", "pairs.txt", "--json")).stdout);
    assert.deepEqual(document.data, { users: 2, items: 4, interactions: 6, training: 2, cases: 2 });
    assert.deepEqual(
      document.evaluations.map(({ model }: { model: string }) => model),
      ["Pop", "Markov", "ItemKNN", "EASE"],
    );
    assert.deepEqual(document.leftOut, [{ model: "trending", reason: "the interactions have no times" }]);
    const table = await kiln("--interactions", "pairs.txt", "--models", "pop", "--sampled");
    assert.match(table.stdout, /2 users, 4 items.*\nmodel .*ECE.*\nPop .* \/ .*sampled-100: biased/s);
    const trained = await kiln(
      "--interactions",
      "pairs.txt",
      "--models",
      "pop",
      "--model",
      "draft",
      "--json",
    );
    assert.deepEqual(
      JSON.parse(trained.stdout).evaluations.map(({ model, calibration }: Evaluation) => [
        model,
        calibration !== undefined,
      ]),
      [
        ["Markov (draft)", true],
        ["Pop", true],
      ],
    );
    assert.match(
      (await kiln("--interactions", "pairs.txt", "--model", "nothing")).stderr,
      /^MODEL_NOT_FOUND: /,
    );
    assert.equal((await kiln("--models", "oracle")).code, 2);
    const wrong = await kiln("--parameters", '{"ease":{"lambda":1}}');
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /ease: Unrecognized key: "lambda"/);
    assert.match(
      (await kiln("--interactions", "pairs.txt", "--off-policy")).stderr,
      /^OFF_POLICY_NEEDS_LAKE: /,
    );
    assert.match((await kiln()).stderr, /^DATASET_EMPTY: /);
  } finally {
    await rm(folder, { recursive: true });
  }
});
