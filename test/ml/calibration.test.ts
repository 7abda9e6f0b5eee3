import assert from "node:assert/strict";
import { test } from "node:test";
import { seeded } from "../../src/base/random.ts";
import { CalibrationTally } from "../../src/ml/evaluation/calibration.ts";
import { evaluate } from "../../src/ml/evaluation/evaluate.ts";
import { fitPopularity } from "../../src/ml/models/popularity.ts";
import { rowByRow, type Scale } from "../../src/ml/models/recommender.ts";
import { leaveLastOut } from "../../src/ml/split.ts";
import { toy } from "./toy.ts";

/** One case of three items, of which the second is not asked for. */
function tallied(scale: Scale, scores: number[], target: number) {
  const tally = new CalibrationTally(scale);
  tally.add(Float32Array.from(scores), Int32Array.of(0), target);
  return tally.result();
}

test("logits become a softmax, weights a share, of what is asked for alone; no weight at all is evenly likely", () => {
  const hidden = Number.NEGATIVE_INFINITY;
  const once = (expected: number, happened: number) => ({
    ...{ expected, happened, error: Math.abs(expected - happened) },
    bins: [{ count: 1, expected, happened }],
  });
  assert.deepEqual(tallied("logits", [0, hidden, 0], 0), {
    logLoss: Math.log(2),
    ...{ items: once(0.5, 1), first: once(0.5, 1), list: once(0.5, 1) },
  });
  assert.deepEqual(tallied("weights", [3, hidden, 1], 2), {
    logLoss: Math.log(4),
    ...{ items: once(0.75, 0), first: once(0.75, 0), list: once(0.75, 0) },
  });
  assert.equal(tallied("weights", [0, hidden, 0], 2).logLoss, Math.log(2));
});

/** Draws what is chosen by the softmax of the truth, and asks a model that is surer of itself by a factor. */
function calibrationOf(sureness: number) {
  const random = seeded(1);
  const tally = new CalibrationTally("logits");
  for (let round = 0; round < 20_000; round++) {
    const truth = Float32Array.from({ length: 6 }, () => 1.5 * random.normal());
    const cumulative = new Float64Array(6);
    truth.forEach((logit, item) => {
      cumulative[item] = (cumulative[item - 1] ?? 0) + Math.exp(logit);
    });
    const scores = truth.map((logit) => sureness * logit);
    const list = Int32Array.of(scores.indexOf(Math.max(...scores)));
    tally.add(scores, list, random.weighted(cumulative));
  }
  return tally.result();
}

test("a model that knows the odds has no calibration error; one that is too sure has much, and loses more", () => {
  const [right, sure] = [calibrationOf(1), calibrationOf(3)];
  assert.ok(right.first.error < 0.02, `${right.first.error}`);
  assert.ok(sure.first.error > 0.2 && sure.first.expected > sure.first.happened + 0.2);
  assert.ok(sure.logLoss > right.logLoss + 0.2);
  assert.deepEqual(
    right.first.bins.map(({ count }) => count),
    Array.from({ length: 10 }, () => 2_000),
  );
});

test("an evaluation compares probabilities with what happened where a model gives some", async () => {
  const split = leaveLastOut(await toy({ a: "x y z w", b: "x y z w", c: "y x z w" }), "test");
  const pop = await evaluate(fitPopularity(split.train), split);
  // All lists hold everything that is left, w among it.
  assert.deepEqual([pop.calibration?.list.expected, pop.calibration?.list.happened], [1, 1]);
  assert.equal(
    (await evaluate(fitPopularity(split.train), split, { calibrated: false })).calibration,
    undefined,
  );
  const ranks = rowByRow("Ranks alone", 4, (_, row) => row.fill(1));
  assert.equal((await evaluate(ranks, split)).calibration, undefined);
});
