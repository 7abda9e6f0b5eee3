import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { seeded } from "../../src/base/random.ts";
import type { EngagementEvent } from "../../src/events/event.ts";
import { Audience } from "../../src/events/simulator/audience.ts";
import { simulate } from "../../src/events/simulator/simulate.ts";

const run = (fields: Partial<Audience> = {}) => [
  ...simulate(Audience.parse({ viewers: 200, videos: 200, days: 6, ...fields })),
];
const events = run();
const of = <Type extends EngagementEvent["type"]>(type: Type) =>
  events.filter((event): event is Extract<EngagementEvent, { type: Type }> => event.type === type);

test("the same seed gives the same events, another seed others", () => {
  const digest = (all: EngagementEvent[]) => createHash("sha256").update(JSON.stringify(all)).digest("hex");
  assert.equal(digest(run()), digest(events));
  assert.notEqual(digest(run({ seed: 2 })), digest(events));
});

test("events come in the order of time, each id once, no video twice to one viewer", () => {
  assert.deepEqual(
    events.map(({ at }) => at),
    events.map(({ at }) => at).toSorted((one, other) => one - other),
  );
  assert.equal(new Set(events.map(({ id }) => id)).size, events.length);
  const shown = of("impression").map(({ user, video }) => `${user} ${video}`);
  assert.equal(new Set(shown).size, shown.length);
});

test("position bias: later places are looked at by fewer", () => {
  const watched = new Set(of("watch").map(({ user, video }) => `${user} ${video}`));
  const share = (low: number, high: number) => {
    const there = of("impression").filter(({ position }) => position >= low && position < high);
    return there.filter(({ user, video }) => watched.has(`${user} ${video}`)).length / there.length;
  };
  assert.ok(share(0, 3) > 0.85, `${share(0, 3)}`);
  assert.ok(share(17, 20) < 0.5, `${share(17, 20)}`);
});

test("logged propensities are those of the policy: their inverses weigh what is there to be shown", () => {
  // Horvitz and Thompson: over one draw, the expectation of 1 / propensity is the number of videos it chose from.
  const first = new Set<string>();
  const inverses = run({
    presentAtStart: 1,
    viewers: 4_000,
    days: 1,
    sessionsPerDay: 2,
    videos: 60,
    slate: 1,
  })
    .filter((event) => event.type === "impression")
    .filter(({ user }) => !first.has(user) && first.add(user))
    .map(({ propensity }) => 1 / propensity);
  const mean = inverses.reduce((sum, inverse) => sum + inverse) / inverses.length;
  assert.ok(Math.abs(mean - 60) < 6, `${mean} of 60`);
});

test("cold videos appear during the days, and viewers join", () => {
  const firstSeen = new Map<string, string>();
  for (const { video, at } of of("impression"))
    if (!firstSeen.has(video)) firstSeen.set(video, new Date(at).toISOString().slice(0, 10));
  assert.equal(new Set(firstSeen.values()).size, 6);
});

test("random numbers have the moments of their distributions", () => {
  const random = seeded(7);
  const moments = (draw: () => number) => {
    const values = Array.from({ length: 20_000 }, draw);
    const mean = values.reduce((sum, value) => sum + value) / values.length;
    return [mean, values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length];
  };
  const near = ([mean, variance]: number[], expected: [number, number], tolerance: number) => {
    assert.ok(Math.abs(mean! - expected[0]) < tolerance, `mean ${mean}`);
    assert.ok(Math.abs(variance! - expected[1]) < 2 * tolerance, `variance ${variance}`);
  };
  near(moments(random.next), [1 / 2, 1 / 12], 0.01);
  near(moments(random.normal), [0, 1], 0.03);
  near(
    moments(() => random.gamma(0.5)),
    [0.5, 0.5],
    0.03,
  );
  near(
    moments(() => random.gamma(3)),
    [3, 3],
    0.1,
  );
  near(
    moments(() => random.poisson(2)),
    [2, 2],
    0.06,
  );
  near(
    moments(() => random.weighted(Float64Array.of(1, 1, 4))),
    [1.5, 0.75],
    0.03,
  );
});
