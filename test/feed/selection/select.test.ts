import assert from "node:assert/strict";
import { test } from "node:test";
import { seeded } from "../../../src/base/random.ts";
import { select } from "../../../src/feed/selection/select.ts";
import { eligible } from "../feed-dependencies.ts";

const candidates = eligible(
  ["a", "b", "c"].map((video) => ({ video, source: "sequence", modelVersion: "m" }) as const),
);
const explore = (video: string) => eligible([{ video, source: "explore" }])[0]!;
const nothing = { count: () => 0, draw: async () => undefined };

test("select: without exploration the best ones, each with probability 1", async () => {
  const placed = await select(candidates, {
    ...{ limit: 2, exploration: 0, random: seeded(1), explorer: nothing },
  });
  assert.deepEqual(placed, [
    { video: "a", source: "sequence", modelVersion: "m", position: 0, propensity: 1 },
    { video: "b", source: "sequence", modelVersion: "m", position: 1, propensity: 1 },
  ]);
});

test("select: exploring, any video; the propensity counts both ways to the best one", async () => {
  const [draws, drawn] = [
    [0.1, 0.9, 0.1, 0.9, 0.1],
    ["x", "b", "y"],
  ];
  const placed = await select(candidates, {
    ...{ limit: 5, exploration: 0.3 },
    random: { next: () => draws.shift()!, weighted: () => 0 },
    explorer: {
      count: (taken) => 10 - taken.size,
      draw: async () => explore(drawn.shift()!),
    },
  });
  assert.deepEqual(
    placed.map(({ video, source, propensity }) => [video, source, Number(propensity.toFixed(6))]),
    [
      ["x", "explore", 0.03],
      ["a", "sequence", Number((0.7 + 0.3 / 9).toFixed(6))],
      // Drawn, though it is the best one: it could have come either way.
      ["b", "explore", Number((0.7 + 0.3 / 8).toFixed(6))],
      ["c", "sequence", Number((0.7 + 0.3 / 7).toFixed(6))],
      // Without candidates a place is always drawn.
      ["y", "explore", Number((1 / 6).toFixed(6))],
    ],
  );
});

test("select: fresh places are drawn by weight, and the propensities are the frequencies", async () => {
  const random = seeded(7);
  const fresh = [
    { candidate: eligible([{ video: "n1", source: "fresh" }])[0]!, weight: 3 },
    { candidate: eligible([{ video: "n2", source: "fresh" }])[0]!, weight: 1 },
  ];
  const rounds = 8_000;
  const counts = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    const placed = await select(candidates, {
      ...{ limit: 2, exploration: 0, random, fresh, explorer: nothing },
      isFresh: (position) => position === 1,
    });
    assert.equal(placed[0]!.video, "a");
    const { video, propensity } = placed[1]!;
    assert.equal(propensity, video === "n1" ? 0.75 : 0.25);
    counts.set(video, (counts.get(video) ?? 0) + 1);
  }
  assert.ok(Math.abs(counts.get("n1")! / rounds - 0.75) < 0.02, String(counts.get("n1")));
});
