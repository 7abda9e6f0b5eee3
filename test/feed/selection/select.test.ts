import assert from "node:assert/strict";
import { test } from "node:test";
import { seeded } from "../../../src/base/random.ts";
import type { Candidate } from "../../../src/feed/candidate.ts";
import { select } from "../../../src/feed/selection/select.ts";

const candidates: Candidate[] = ["a", "b", "c"].map((video) => ({
  video,
  source: "sequence",
  modelVersion: "m",
}));

test("select: without exploration the best ones, each with probability 1", () => {
  const placed = select(candidates, { limit: 2, exploration: 0, random: seeded(1) });
  assert.deepEqual(placed, [
    { video: "a", source: "sequence", modelVersion: "m", position: 0, propensity: 1 },
    { video: "b", source: "sequence", modelVersion: "m", position: 1, propensity: 1 },
  ]);
});

test("select: exploring, any that is left; the propensity counts both ways to the best one", () => {
  const draws = [0.1, 0.9, 0.1];
  const random = { next: () => draws.shift()!, integer: (below: number) => below - 1 };
  const placed = select(candidates, { limit: 9, exploration: 0.3, random });
  const rounded = placed.map(({ video, source, propensity }) => [
    video,
    source,
    Number(propensity.toFixed(6)),
  ]);
  assert.deepEqual(rounded, [
    ["c", "explore", 0.1],
    ["a", "sequence", 0.85],
    // The last one that is left comes in any case.
    ["b", "sequence", 1],
  ]);
});

test("select: the logged propensities are the frequencies", () => {
  const random = seeded(7);
  const rounds = 20_000;
  const counts = new Map<string, { shown: number; propensity: number }>();
  for (let round = 0; round < rounds; round++) {
    const [first] = select(candidates, { limit: 1, exploration: 0.3, random });
    const { shown } = counts.get(first!.video) ?? { shown: 0 };
    counts.set(first!.video, { shown: shown + 1, propensity: first!.propensity });
  }
  for (const [video, { shown, propensity }] of counts)
    assert.ok(Math.abs(shown / rounds - propensity) < 0.015, `${video}: ${shown / rounds} ${propensity}`);
  assert.equal(counts.size, 3);
});
