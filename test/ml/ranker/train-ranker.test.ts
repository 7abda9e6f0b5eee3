import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openEngine } from "../../../src/ml/engines/open-engine.ts";
import { areaUnderCurve } from "../../../src/ml/evaluation/area-under-curve.ts";
import { objectiveNames } from "../../../src/ml/models/ranker/objectives.ts";
import { Ranker, readRanker, writeRanker } from "../../../src/ml/models/ranker/ranker.ts";
import { RankerParameters } from "../../../src/ml/models/ranker/ranker-parameters.ts";
import { rankingExamples } from "../../../src/ml/models/ranker/ranking-features.ts";
import { trainRanker } from "../../../src/ml/training/train-ranker.ts";
import { audience } from "./audience.ts";

const folder = await mkdtemp(join(tmpdir(), "kiln-ranker-"));
after(() => rm(folder, { recursive: true }));

const engine = await openEngine("wasm");
const parameters = RankerParameters.parse({ batch: 128, epochs: 6, hidden: 16, learningRate: 0.01 });
const { model, metrics, examples } = await trainRanker(audience, { engine, parameters, seed: 1 });

test("the ranker foresees long views, skips and likes of later impressions, and is calibrated", () => {
  assert.deepEqual(examples, { training: 2700, heldOut: 300 });
  // What the generator itself knows allows about .8 for long views.
  assert.ok(metrics.longView.auc! > 0.72, `long views: ${metrics.longView.auc}`);
  assert.ok(metrics.skip.auc! > 0.72, `skips: ${metrics.skip.auc}`);
  assert.ok(metrics.like.auc! > 0.75, `likes: ${metrics.like.auc}`);
  for (const name of ["longView", "skip", "like"] as const)
    assert.ok(Math.abs(metrics[name].calibration! - 1) < 0.2, `${name}: ${metrics[name].calibration}`);
  assert.deepEqual(metrics.share, {}, "nobody shared: nothing can be said");
});

test("a row is scored alike alone and among others, and after writing and reading", async () => {
  const rows: Float32Array[] = [];
  for await (const { features } of rankingExamples(audience())) if (rows.push(features) === 5) break;
  using ranker = new Ranker(model, engine);
  const together = await ranker.predict(rows);
  const alone = await ranker.predict([rows[3]!]);
  for (const [index, value] of alone.entries())
    assert.ok(Math.abs(value - together[3 * objectiveNames.length + index]!) < 1e-6);
  await writeRanker(folder, model);
  using again = new Ranker((await readRanker(folder))!, engine);
  assert.deepEqual(await again.predict(rows), together);
});

test("no ranker is nothing, a damaged one is an error, too few impressions are told", async () => {
  assert.equal(await readRanker(join(folder, "none")), undefined);
  await writeFile(join(folder, "ranker.safetensors"), "damaged");
  await assert.rejects(readRanker(folder), { code: "MODEL_CORRUPT" });
  await assert.rejects(
    trainRanker(() => [], { engine, parameters, seed: 1 }),
    {
      code: "IMPRESSIONS_MISSING",
      message: /there are 0, fewer than 100/,
    },
  );
});

test("area under the curve: worked out by hand, ties count half", () => {
  assert.equal(areaUnderCurve(Float64Array.of(0.1, 0.4, 0.35, 0.8), [0, 0, 1, 1]), 0.75);
  assert.equal(areaUnderCurve(Float64Array.of(1, 1, 1), [0, 1, 1]), 0.5);
  assert.equal(areaUnderCurve(Float64Array.of(1, 2), [1, 1]), undefined);
});
