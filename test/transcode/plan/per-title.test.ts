import assert from "node:assert/strict";
import { test } from "node:test";
import { excerpts } from "../../../src/transcode/plan/excerpts.ts";
import { ladder } from "../../../src/transcode/plan/ladder.ts";
import { type Difficulty, perTitle } from "../../../src/transcode/plan/per-title.ts";
import { prepare } from "../../../src/transcode/prepare.ts";
import { clip, pattern, scratch } from "../clip.ts";

const standard = ladder({ width: 1920, height: 1080 }, 30, [1080, 720, 480, 360, 240]);
const [small, large] = [426 * 240, 854 * 480];
/** Bits per second at 240p and 480p, and the likeness of 720p and 480p to 1080p. */
const difficulty = (
  at240: number,
  at480: number,
  likeness: readonly number[] = [0.98, 0.95],
): Difficulty => ({
  samples: [
    { pixels: small, bitrate: at240 },
    { pixels: large, bitrate: at480 },
  ],
  likeness: likeness.map((ssim, index) => ({ rung: ["720p", "480p"][index]!, ssim })),
});

for (const [cell, clip, highest, expected, factor] of [
  [
    "ordinary: expected 2.0 Mbit/s at 1080p",
    difficulty(250e3, 650e3),
    4.1e6,
    ["1080p 2975", "720p 1619", "480p 882", "360p 573", "240p 312"],
    "0.74",
  ],
  [
    "hard: only as high as the segments allow",
    difficulty(900e3, 2500e3),
    4.1e6,
    ["1080p 4100", "720p 2231", "480p 1216", "360p 789", "240p 429"],
    "1.02",
  ],
  [
    "hard, with room for larger segments",
    difficulty(900e3, 2500e3),
    9e6,
    ["1080p 6000", "720p 3266", "480p 1779", "360p 1155", "240p 629"],
    "1.50",
  ],
  [
    "easy: a half, and one rung is cheap",
    difficulty(50e3, 120e3),
    4.1e6,
    ["1080p 2000", "720p 1089"],
    "0.50",
  ],
  [
    "enlarged twice: the two largest show nothing more",
    difficulty(250e3, 650e3, [0.999, 0.9985]),
    4.1e6,
    ["480p 975", "360p 633", "240p 344"],
    "0.82",
  ],
  [
    "a standard top above the limit is not lowered for it",
    difficulty(900e3, 2500e3),
    3e6,
    ["1080p 4000", "720p 2177", "480p 1186", "360p 770", "240p 419"],
    "1.00",
  ],
] as const) {
  test(`per title: ${cell}`, () => {
    const { rungs, decision } = perTitle(standard, clip, highest);
    assert.deepEqual(
      rungs.map(({ name, bitrate }) => `${name} ${Math.round(bitrate / 1000)}`),
      expected,
    );
    assert.equal(decision.kind === "per title" && decision.factor.toFixed(2), factor);
  });
}

test("per title: what is left out is said, with the reason", () => {
  const { decision } = perTitle(standard, difficulty(50e3, 120e3, [0.999, 0.9]), 4.1e6);
  assert.deepEqual(decision.kind === "per title" && decision.dropped, [
    { rung: "1080p", why: "same picture" },
    { rung: "480p", why: "next is cheap" },
    { rung: "360p", why: "next is cheap" },
    { rung: "240p", why: "next is cheap" },
  ]);
});

test("excerpts: three groups of pictures in the middle of the thirds; a short clip as a whole", () => {
  assert.deepEqual(excerpts(900, 60, 30), [
    { start: 4, frames: 60 },
    { start: 14, frames: 60 },
    { start: 24, frames: 60 },
  ]);
  assert.deepEqual(excerpts(180, 60, 30), [{ start: 0, frames: 180 }]);
});

test("real clips: an enlarged one loses its largest rendition, a lively one none; both can be switched off", async () => {
  const folder = await scratch();
  const enlarged = await clip(
    folder,
    "enlarged.mp4",
    pattern("320x180", 7, "-vf scale=640:360,gblur=sigma=3 -c:v libx264 -preset ultrafast -crf 12"),
  );
  const lively = await clip(
    folder,
    "lively.mp4",
    pattern("640x360", 7, "-vf noise=alls=20:allf=t -c:v libx264 -preset ultrafast -crf 12"),
  );
  const policy = { ladder: [360, 180], preset: "ultrafast" } as const;
  const names = async (file: string, perTitle: "on" | "off") =>
    (await prepare(file, { policy: { ...policy, perTitle } })).plan.renditions.map(({ name }) => name);
  assert.deepEqual(await names(enlarged, "on"), ["180p"]);
  assert.deepEqual(await names(enlarged, "off"), ["360p", "180p"]);
  assert.deepEqual(await names(lively, "on"), ["360p", "180p"]);
});
