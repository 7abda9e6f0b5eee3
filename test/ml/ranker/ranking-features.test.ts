import assert from "node:assert/strict";
import { test } from "node:test";
import type { EngagementEvent } from "../../../src/events/event.ts";
import { objectiveNames, valueOfImpression } from "../../../src/ml/models/ranker/objectives.ts";
import {
  featureNames,
  type RankingExample,
  rankingExamples,
} from "../../../src/ml/models/ranker/ranking-features.ts";
import { noon, sample } from "../../events/sample-events.ts";

const impression = { type: "impression", source: "trending", position: 3, propensity: 0.5 };
async function collect(events: readonly EngagementEvent[]): Promise<RankingExample[]> {
  const examples: RankingExample[] = [];
  for await (const example of rankingExamples(events)) examples.push(example);
  return examples;
}
const named = (names: readonly string[], values: Float32Array) =>
  Object.fromEntries(names.map((name, index) => [name, Math.round(values[index]! * 100) / 100]));

test("an example holds what was known before the impression and what came of it, nothing later", async () => {
  const hour = 3_600_000;
  const events = [
    sample({ ...impression, at: noon, user: "bob" }),
    sample({ type: "watch", at: noon + 1, user: "bob", watchedMs: 9000, totalMs: 9000 }),
    sample({ ...impression, at: noon + 1 * hour }),
    sample({ type: "watch", at: noon + 1 * hour + 1, watchedMs: 500, totalMs: 9000 }),
    sample({ type: "report", at: noon + 1 * hour + 2 }),
    // Too late to have come of it.
    sample({ type: "like", at: noon + 3 * hour }),
  ];
  const [first, second, ...more] = await collect(events);
  assert.equal(more.length, 0);
  assert.deepEqual([first!.user, second!.user], ["bob", "ann"]);
  assert.deepEqual(named(objectiveNames, first!.labels), {
    ...{ watchFraction: 1, longView: 1, like: 0, share: 0, follow: 0, hotVote: 0, skip: 0, negative: 0 },
  });
  assert.deepEqual(named(objectiveNames, second!.labels), {
    ...{ watchFraction: 0.06, longView: 0, like: 0, share: 0, follow: 0, hotVote: 0, skip: 1, negative: 1 },
  });
  assert.deepEqual(named(featureNames, second!.features), {
    // One impression, one long view: (1 + 2) / (1 + 20).
    ...{ videoImpressions: 0.69, videoLongViews: 0.14, videoLikes: 0.1, videoShares: 0.1 },
    ...{ videoSkips: 0.1, videoAge: 0.69, videoLength: 2.3 },
    ...{ userImpressions: 0, userLongViews: 0.1, userLikes: 0.1, userSkips: 0.1 },
    ...{ hourSine: -0.26, hourCosine: -0.97, position: 1.39 },
  });
});

test("a video shown again begins a new example", async () => {
  const events = [
    sample({ ...impression, at: noon }),
    sample({ type: "like", at: noon + 1 }),
    sample({ ...impression, at: noon + 2 }),
  ];
  const likes = (await collect(events)).map(({ labels }) => labels[objectiveNames.indexOf("like")]);
  assert.deepEqual(likes, [1, 0]);
});

test("a complaint outweighs everything that is good", () => {
  const good = Float32Array.of(1, 1, 1, 1, 1, 1, 0, 0);
  assert.equal(valueOfImpression(good), 9);
  assert.ok(valueOfImpression(good.with(7, 1)) < 0);
});
