import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { seeded } from "../../src/base/random.ts";
import { Lake } from "../../src/events/lake/lake.ts";
import { lakeImpressions } from "../../src/events/lake/lake-impressions.ts";
import { Audience } from "../../src/events/simulator/audience.ts";
import { simulate } from "../../src/events/simulator/simulate.ts";
import { collectDataset } from "../../src/ml/dataset.ts";
import { lakeInteractions } from "../../src/ml/datasets/interactions.ts";
import { loggedValue, policyQuestions, policyValue } from "../../src/ml/evaluation/policy-value.ts";
import { rowByRow } from "../../src/ml/models/recommender.ts";
import { noon, sample } from "../events/sample-events.ts";

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "kiln-policy-"));
});
after(() => rm(folder, { recursive: true }));

test("impressions know what came of them, and what their viewers had chosen and seen", async () => {
  const show = (video: string, at: number) =>
    sample({ type: "impression", video, at, source: "fresh", position: 0, propensity: 0.5 });
  const watch = (video: string, at: number, watchedMs: number) =>
    sample({ type: "watch", video, at, watchedMs, totalMs: 1000 });
  const lake = join(folder, "small");
  {
    using open = await Lake.open(lake);
    await open.add([
      show("v1", noon),
      watch("v1", noon + 1, 800),
      show("v2", noon + 2),
      show("v3", noon + 3),
    ]);
    await open.add([watch("v3", noon + 4, 1500)]);
  }
  const dataset = await collectDataset(lakeInteractions(lake));
  const questions = await policyQuestions(dataset, lakeImpressions(lake), noon + 2);
  const common = { user: "ann", propensity: 0.5 };
  // v2 was never chosen, so that the catalogue does not have it.
  const [history, shown] = [Int32Array.of(0), Int32Array.of(0)];
  assert.deepEqual(questions, [
    { impression: { ...common, video: "v2", at: noon + 2, watchedShare: 0 }, user: 0, history, shown },
    { impression: { ...common, video: "v3", at: noon + 3, watchedShare: 1.5 }, user: 0, history, shown },
  ]);
});

test("what a viewer chooses at the instant of an impression is not yet history", async () => {
  const show = (video: string, at: number) =>
    sample({ type: "impression", video, at, source: "fresh", position: 0, propensity: 0.5 });
  const lake = join(folder, "instant");
  {
    using open = await Lake.open(lake);
    await open.add([
      show("v1", noon),
      sample({ type: "watch", video: "v1", at: noon + 5, watchedMs: 900, totalMs: 1000 }),
      show("v2", noon + 5),
      show("v3", noon + 6),
    ]);
  }
  const dataset = await collectDataset(lakeInteractions(lake));
  const questions = await policyQuestions(dataset, lakeImpressions(lake), noon + 1);
  assert.deepEqual(
    questions.map(({ impression, history }) => [impression.video, [...history]]),
    [
      ["v2", []],
      ["v3", [0]],
    ],
  );
});

test("a policy shows nothing again that its viewer was shown, so it earns nothing there", async () => {
  const impression = { user: "ann", video: "v1", at: noon, propensity: 0.5, watchedShare: 1 };
  const items = ["v1", "v2", "v3"];
  const anything = rowByRow("Anything", items.length, (_, row) => row.fill(1));
  const value = async (shown: number[]) => {
    const question = { impression, user: 0, history: new Int32Array(0), shown: Int32Array.from(shown) };
    return (await policyValue(anything, items, [question], seeded(1))).ips.mean;
  };
  // One of three at a propensity of one half; one of two once another was shown; never itself.
  assert.ok(Math.abs((await value([])) - 2 / 3) < 1e-6);
  assert.ok(Math.abs((await value([1])) - 1) < 1e-6);
  assert.equal(await value([0]), 0);
});

test("a feed of popular videos is worth more than one of any, by the logs of another feed", async () => {
  const lake = join(folder, "simulated");
  const audience = Audience.parse({
    viewers: 300,
    videos: 60,
    creators: 5,
    topics: 3,
    days: 4,
    exploration: 0.5,
  });
  {
    using open = await Lake.open(lake);
    await open.add(simulate(audience));
  }
  const dataset = await collectDataset(lakeInteractions(lake));
  const questions = await policyQuestions(dataset, lakeImpressions(lake), 0);
  const anything = rowByRow("Anything", dataset.items.length, (_, row) => row.fill(1));
  const liked = new Float32Array(dataset.items.length);
  for (const item of dataset.sequence) liked[item]!++;
  const popular = rowByRow("Popular", dataset.items.length, (_, row) => row.set(liked));
  const value = (model: typeof popular) => policyValue(model, dataset.items, questions, seeded(1));
  const [better, worse] = [(await value(popular)).snips, (await value(anything)).snips];
  assert.ok(better.mean > worse.mean, `${better.mean} ${worse.mean}`);
  const logged = loggedValue(questions, seeded(1));
  assert.equal(logged.ips.mean, logged.snips.mean);
});
