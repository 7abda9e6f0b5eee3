import assert from "node:assert/strict";
import { test } from "node:test";
import type { FrameScores } from "../../src/analysis/classes.ts";
import { AnalysisSettings, moderationOf } from "../../src/analysis/settings.ts";
import { moderate } from "../../src/analysis/verdict.ts";

const policy = { model: "mobilenet_v2", banScore: 0.8, unsafeScore: 0.4 } as const;
const frame = (porn: number, hentai = 0): FrameScores => ({
  drawing: 0,
  hentai,
  neutral: 1 - porn - hentai,
  porn,
  sexy: 0,
});
const harmless = Array.from({ length: 60 }, () => frame(0));

const cells: [string, FrameScores[], number, string][] = [
  ["harmless", harmless, 0, "clear"],
  ["one frame that the network errs about", [...harmless, frame(1)], 0.3333, "clear"],
  [
    "three explicit frames among sixty",
    [frame(1), ...harmless, frame(0.9), frame(0.2, 0.5)],
    0.8667,
    "banned",
  ],
  ["on the line of a ban", [frame(0.8), frame(0.8), frame(0.8)], 0.8, "banned"],
  ["on the line of unsafe", [frame(0.4), frame(0.4), frame(0.4)], 0.4, "unsafe"],
  ["below it", [frame(0.399), frame(0.4), frame(0.4)], 0.3997, "clear"],
  ["a single frame speaks for itself", [frame(0.1, 0.8)], 0.9, "banned"],
];
for (const [cell, frames, explicit, verdict] of cells)
  test(`verdict: ${cell}`, () => {
    const judged = moderate(frames, policy);
    assert.deepEqual(
      { frames: judged.frames, explicit: judged.explicit, verdict: judged.verdict },
      { frames: frames.length, explicit, verdict },
    );
  });

// Means that floating point makes a little larger, a little smaller, and neither.
for (const score of [0.8, 0.7, 0.75])
  test(`verdict: exactly at the threshold ${score} counts`, () => {
    const frames = [frame(score), frame(score), frame(score)];
    assert.equal(moderate(frames, { ...policy, banScore: score }).verdict, "banned");
    assert.equal(moderate(frames, { ...policy, banScore: 1, unsafeScore: score }).verdict, "unsafe");
    assert.equal(moderate(frames, { ...policy, banScore: score + 0.0001 }).verdict, "unsafe");
  });

test("verdict: all that it says", () => {
  assert.deepEqual(moderate([frame(0.5, 0.1), frame(0.1)], policy), {
    ...policy,
    frames: 2,
    explicit: 0.35,
    scores: { drawing: 0, hentai: 0.05, neutral: 0.65, porn: 0.3, sexy: 0 },
    verdict: "clear",
  });
});

test("settings: moderation is on unless it is switched off, and its lines are in order", () => {
  assert.deepEqual(moderationOf(AnalysisSettings.parse({})), {
    ...policy,
    bounds: { seconds: 600, memoryBytes: 2 * 1024 ** 3 },
  });
  assert.equal(moderationOf(AnalysisSettings.parse({ KILN_MODERATION: "off" })), null);
  assert.throws(() => moderationOf(AnalysisSettings.parse({ KILN_UNSAFE_SCORE: "0.9" })), {
    code: "SETTING_INVALID",
    message: /KILN_UNSAFE_SCORE=0\.9 is above KILN_BAN_SCORE=0\.8/,
  });
});
