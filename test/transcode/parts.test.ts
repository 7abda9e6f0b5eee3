import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type FfmpegCommand, runFfmpeg } from "../../src/transcode/base/ffmpeg.ts";
import { command } from "../../src/transcode/encode/command.ts";
import type { Part } from "../../src/transcode/plan/division.ts";
import { type Prepared, prepare } from "../../src/transcode/prepare.ts";
import { clip, policy, scratch } from "./clip.ts";

const folder = await scratch();
const media = process.env.KILN_TEST_MEDIA;
const skip = media === undefined && "KILN_TEST_MEDIA names no folder of test videos";
const divided = {
  ...policy,
  ladder: [120],
  partsAbove: 1,
  partSeconds: 2,
  partsFolder: join(folder, "parts"),
};

/** What the filters give to the encoders, frame by frame: time and digest of each rendition and picture. */
async function frames({ plan, policy: whole }: Prepared, part: Part): Promise<Map<string, string[]>> {
  const made = command(plan, { name: "software" }, whole, folder, part);
  const maps = made.outputs.map(({ options }) => options[1]!).filter((map) => map.startsWith("["));
  const outputs = maps.map((map, index) => ({
    options: ["-map", map, "-c:v", "rawvideo", "-fps_mode", "passthrough", "-f", "framemd5"],
    target: join(folder, `${index}.md5`),
  }));
  await runFfmpeg({ ...made, outputs } satisfies FfmpegCommand, { stallMs: 60_000 });
  const texts = await Promise.all(outputs.map(({ target }) => readFile(target, "utf8")));
  return new Map(
    texts.map((text, index) => [maps[index]!, text.split("\n").filter((line) => /^\d/.test(line))]),
  );
}

const looped = (name: string, times: number) => `-stream_loop ${times} -i ${media}/${name} -an -c copy`;
const made = (rate: string, seconds: number, options: string) =>
  `-f lavfi -i testsrc2=s=160x120:r=${rate}:d=${seconds} ${options}`;
for (const [name, words, real] of [
  ["nasa.mp4", looped("nasa_13013.mp4", 1), true],
  ["edit-list.mp4", looped("sample_edit_list.mp4", 1), true],
  ["wild-rate.mp4", looped("lpms-videotest.mp4", 3), true],
  ["pq.mkv", looped("hdr10-video-with-sdr-container.mp4", 3), true],
  ["motion.mp4", looped("mv_with_2_top_shots.mp4", 3), true],
  ["23.976.mp4", made("24000/1001", 9, "-c:v libx264 -preset veryfast -bf 8 -g 250"), false],
  ["60.mkv", made("60", 7, "-c:v libx264 -preset veryfast -g 37 -x264-params open-gop=1"), false],
  ["late.mp4", made("30000/1001", 8, "-c:v libx264 -preset ultrafast -output_ts_offset 1.37"), false],
  [
    "frozen.mp4",
    made("30", 12, "-vf select='lt(t,2.1)+gt(t,9.3)' -fps_mode vfr -c:v libx264 -preset ultrafast"),
    false,
  ],
  ["slow.mp4", made("2", 13, "-c:v libx264 -preset veryfast -bf 8 -g 250"), false],
  ["vp9.webm", made("25", 8, "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 200"), false],
  ["old.avi", made("25", 8, "-c:v mpeg4 -bf 2 -g 100"), false],
  ["phone.flv", made("25", 8, "-c:v flv -g 50"), false],
  ["held for its sound.mp4", made("30", 5.3, "-f lavfi -i sine=d=9 -c:v libx264 -preset ultrafast"), false],
] as const)
  test(`parts: ${name}: every frame and picture is the undivided one's`, { skip: real && skip }, async () => {
    const file = await clip(folder, name, words);
    const prepared = await prepare(file, { policy: divided });
    const { plan } = prepared;
    assert.ok(plan.parts.length > 1, `${plan.parts.length} parts`);
    const whole = await frames(prepared, { start: 0, frames: plan.frames });
    const joined = new Map([...whole.keys()].map((output) => [output, [] as string[]]));
    for (const part of plan.parts)
      for (const [output, lines] of await frames(prepared, part)) joined.get(output)!.push(...lines);
    const digests = (outputs: Map<string, string[]>) =>
      [...outputs].map(([output, lines]) => [output, lines.map((line) => line.split(",").at(-1)!.trim())]);
    assert.deepEqual(digests(joined), digests(whole));
  });
