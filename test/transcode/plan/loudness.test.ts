import assert from "node:assert/strict";
import { test } from "node:test";
import { type Level, level, loudnessOf, soundFormatsOf } from "../../../src/transcode/plan/loudness.ts";
import { soundFilters } from "../../../src/transcode/plan/sound.ts";

const cells: readonly [
  cell: string,
  integrated: number,
  truePeak: number,
  seconds: number,
  expected: Level,
][] = [
  ["quiet speech", -25, -8, 10, { decibels: 9, peaks: "limited", why: "to the target" }],
  ["quiet, with room above", -20, -8, 10, { decibels: 4, peaks: "as they are", why: "to the target" }],
  ["a loud master", -8.5, 0.4, 10, { decibels: -7.5, peaks: "as they are", why: "to the target" }],
  ["a whisper", -40, -13, 10, { decibels: 12, peaks: "limited", why: "as far as allowed" }],
  ["a silent room", -55, -30, 10, { decibels: 0, peaks: "as they are", why: "too quiet" }],
  ["a click in silence", -70, -0.1, 10, { decibels: 0, peaks: "limited", why: "too quiet" }],
  ["a third of a second", -20, -8, 0.3, { decibels: 0, peaks: "as they are", why: "too short" }],
  ["digital silence", -70, -200, 10, { decibels: 0, peaks: "as they are", why: "too quiet" }],
];
for (const [cell, integrated, truePeak, seconds, expected] of cells) {
  test(`level: ${cell}`, () => assert.deepEqual(level({ integrated, truePeak }, seconds, -16), expected));
}

const summary = (integrated: string, peak: string) => [
  "[Parsed_ebur128_2 @ 0x5] Summary:",
  "",
  "  Integrated loudness:",
  `    I:         ${integrated} LUFS`,
  "    Threshold: -33.0 LUFS",
  "  True peak:",
  `    Peak:      ${peak} dBFS`,
];

test("loudness: read from ffmpeg's log; of several stretches the loudest counts", () => {
  assert.deepEqual(loudnessOf(summary("-23.1", "-1.5")), { integrated: -23.1, truePeak: -1.5 });
  const two = [...summary("-30.0", "-1.0"), ...summary("-20.0", "-9.0")];
  assert.deepEqual(loudnessOf(two), { integrated: -20, truePeak: -1 });
  assert.deepEqual(loudnessOf(summary("-70.0", "-inf")), { integrated: -70, truePeak: -200 });
  assert.equal(loudnessOf(["Input stream #0:1 (audio): 0 packets read"]), null);
});

test("sound: formats that the decoder gave, from ffmpeg's log", () => {
  const line = (layout: string) =>
    `[graph_0_in_0_1 @ 0x55] tb:1/44100 samplefmt:fltp samplerate:44100 chlayout:${layout}`;
  assert.equal(soundFormatsOf([line("mono"), "frame=1", line("mono")]).length, 1);
  assert.equal(soundFormatsOf([line("mono"), line("5.1"), line("mono")]).length, 2);
  assert.deepEqual(soundFormatsOf([]), []);
});

test("sound: the filters for a gain with its limiter", () => {
  assert.equal(
    soundFilters({ decibels: 9, peaks: "limited", why: "to the target" }, 2),
    "aresample=48000:async=1:first_pts=0,aformat=sample_fmts=fltp:channel_layouts=stereo,volume=9dB," +
      "aresample=192000,alimiter=level=disabled:limit=0.7943:attack=5:release=50:latency=1,aresample=48000," +
      "apad=whole_dur=2.000000,atrim=end=2.000000",
  );
});
