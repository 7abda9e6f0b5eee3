import assert from "node:assert/strict";
import { test } from "node:test";
import { policyOf, TranscodeSettings } from "../../src/transcode/base/settings.ts";
import { explain } from "../../src/transcode/explain.ts";
import { plan } from "../../src/transcode/plan/plan.ts";
import type { Source } from "../../src/transcode/probe/screen.ts";
import { source } from "./source.ts";

const policy = policyOf(TranscodeSettings.parse({ KILN_LADDER: "240" }));
const said = (from: Source) => explain(from, plan(from, policy)).join("\n");

const cells: readonly [cell: string, from: Source, expected: RegExp][] = [
  [
    "turned and mirrored",
    source({ rotation: 90, mirrored: true }),
    /turned by 90 degrees, mirrored, so shown at 1080x1920;/,
  ],
  ["interlaced", source({ interlaced: true }), /interlaced frames are made progressive/],
  [
    "a nonsense rate",
    source({ declaredRate: 600 }),
    /measured at 30\.00 a second \(declared: 600\.00\), evenly/,
  ],
  [
    "slow motion",
    source({ timing: { packets: 480, duration: 2, rate: 240, constant: true }, declaredRate: 240 }),
    /become 120 frames at a constant 60 a second, the highest rate allowed/,
  ],
  [
    "a slow slide show",
    source({ timing: { packets: 2, duration: 2, rate: 1, constant: false }, declaredRate: 1 }),
    /unevenly spaced, become 20 frames at a constant 10 a second, the next standard rate above/,
  ],
  [
    "HDR",
    source({ color: { matrix: null, transfer: "smpte2084", primaries: null, range: null } }),
    /HDR \(PQ, bt2020\) is tone-mapped/,
  ],
  [
    "no tags",
    source({
      width: 640,
      height: 480,
      color: { matrix: null, transfer: null, primaries: null, range: null },
    }),
    /not tagged: taken as smpte170m/,
  ],
  [
    "segments",
    source(),
    /into segments of 2\.000 s \(60 frames\), .*; the first 2 of 1\.000 s \(30 frames\), so/,
  ],
  [
    "a long video",
    source({ timing: { packets: 9000, duration: 300, rate: 30, constant: true } }),
    /its picture is encoded in 5 parts of up to 60\.0 s, .*; its sound stays in one piece/,
  ],
  ["no sound", source({}, { audio: null }), /It has no sound/],
  [
    "sound that cannot be decoded",
    source({}, { audio: null, undecodableSound: ["apac"] }),
    /Its sound \(apac\) cannot be decoded by this ffmpeg, so the video will be silent/,
  ],
  [
    "sound that lasts longer",
    source({}, { audio: { index: 1, codec: "aac", channels: 2, sampleRate: 44_100, start: 0, end: 5 } }),
    /Its sound lasts 3\.00 s longer than its picture, so the last frame is held/,
  ],
  [
    "a steady slide show",
    source({ timing: { packets: 8, duration: 2, rate: 4, constant: true }, declaredRate: 4 }),
    /become 24 frames at a constant 12 a second, each of its frames repeated/,
  ],
  ["the ladder", source(), /never larger than the source: 240p \(426x240, at most 419 kbit\/s/],
];
for (const [cell, from, expected] of cells) {
  test(`explained: ${cell}`, () => assert.match(said(from), expected));
}
