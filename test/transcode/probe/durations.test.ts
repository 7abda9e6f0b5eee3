import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { policyOf, TranscodeSettings } from "../../../src/transcode/base/settings.ts";
import { explain } from "../../../src/transcode/explain.ts";
import { plan } from "../../../src/transcode/plan/plan.ts";
import { durationsAgree } from "../../../src/transcode/probe/durations.ts";
import { probe } from "../../../src/transcode/probe/probe.ts";
import { clip, pattern, scratch } from "../clip.ts";
import { source } from "../source.ts";

const media = process.env.KILN_TEST_MEDIA;
const skip = media ? false : "KILN_TEST_MEDIA names no folder of videos";
const folder = await scratch();

test("two opinions: a quarter of a second, or a twentieth of what is longer, is agreement", () => {
  const agree = (duration: number, otherDuration: number | null) =>
    durationsAgree(source({ timing: { ...source().video.timing, duration }, otherDuration }).video);
  assert.equal(agree(2, 2.25), true);
  assert.equal(agree(2, 2.26), false);
  assert.equal(agree(20, 19), true);
  assert.equal(agree(20, 21.1), false);
  assert.equal(agree(2, null), null);
});

test("two opinions that differ are said", () => {
  const policy = policyOf(TranscodeSettings.parse({}));
  const said = (otherDuration: number) => {
    const from = source({ otherDuration });
    return explain(from, plan(from, policy)).filter((sentence) => sentence.includes("mediabunny"));
  };
  assert.deepEqual(said(2), []);
  assert.deepEqual(said(3.5), [
    "It lasts 2.00 s by ffprobe's packets and 3.50 s by mediabunny's: those that ffmpeg decodes count.",
  ]);
});

test("a container that declares nonsense changes neither opinion", async () => {
  const file = await clip(folder, "declared.mp4", pattern("160x90", 2));
  const content = await readFile(file);
  // ISO/IEC 14496-12, 8.2.2: `duration` of the movie header, in its timescale of a thousandth.
  content.writeUInt32BE(143_165_000, content.indexOf("mvhd") + 4 + 16);
  const lying = join(folder, "lying.mp4");
  await writeFile(lying, content);
  const { video } = await probe(lying);
  assert.deepEqual([video?.timing.duration, video?.otherDuration], [2, 2]);
});

for (const [name, first, second] of [
  ["sample_fragmented.mp4", 1.001, 1.001],
  ["sample_edit_list.mp4", 2.568, 2.647],
  ["lpms-videotest.mp4", 1.753, 1.753],
  ["lpms-bad-cuvid.ts", 16.665, 16.665],
  ["bbb_2500ms.ts", 2.5, null],
] as const)
  test(`two opinions on a real file: ${name}`, { skip }, async () => {
    const { video } = await probe(join(media!, name));
    const rounded = (seconds: number | null | undefined) =>
      seconds === null ? null : Number(seconds?.toFixed(3));
    assert.deepEqual([rounded(video?.timing.duration), rounded(video?.otherDuration)], [first, second]);
    assert.equal(durationsAgree(video!), second === null ? null : true);
  });
