import assert from "node:assert/strict";
import { test } from "node:test";
import { policyOf, TranscodeSettings } from "../../../src/transcode/base/settings.ts";
import { diskSpace } from "../../../src/transcode/encode/disk-space.ts";
import { plan } from "../../../src/transcode/plan/plan.ts";
import { source } from "../source.ts";

const policy = policyOf(TranscodeSettings.parse({}));
const ten = source({ timing: { packets: 3000, duration: 100, rate: 30, constant: true } });
const whole = plan(ten, policy);
const renditions = whole.renditions.map(({ maxrate }) => Math.ceil((maxrate * 100) / 8));
const video = renditions.reduce((total, some) => total + some, 0);
const sound = (128_000 * 100) / 8;
const pictures = 1280 * 720 * 3 * 12 + 160 * 90 * 3 * 100 + 320 * 180 * 3 * 30;

const finished = 2 * 1024 ** 2;

test("disk space: all renditions once and the largest twice, sound twice, the raw pictures", () => {
  assert.deepEqual(diskSpace(whole, { mp4: "off" }), {
    work: video + renditions[0]! + 2 * sound + pictures + finished,
    parts: 0,
  });
});

test("disk space: the single file, and the intermediates that it is made of", () => {
  assert.equal(
    diskSpace(whole, { mp4: "on" }).work - diskSpace(whole, { mp4: "off" }).work,
    2 * renditions[0]! + sound,
  );
});

test("disk space: the parts of a divided video stay until the end", () => {
  const divided = plan(ten, { ...policy, partsAbove: 60, partSeconds: 30 });
  assert.deepEqual(diskSpace(divided, { mp4: "off" }), {
    work: video + 2 * sound + pictures + finished,
    parts: video + pictures,
  });
});
