import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { codecs } from "../../src/transcode/base/codec.ts";
import { runFfmpeg } from "../../src/transcode/base/ffmpeg.ts";
import { programOf } from "../../src/transcode/base/programs.ts";
import { command, intermediates } from "../../src/transcode/encode/command.ts";
import { type PrepareOptions, prepare } from "../../src/transcode/prepare.ts";
import { clip, pattern, policy, scratch } from "./clip.ts";

const run = promisify(execFile);
const folder = await scratch();
const options: PrepareOptions = { policy: { ...policy, profile: "fast", ladder: [120] } };

for (const codec of codecs)
  test(`software ${codec}: closed groups where they are planned, BT.709, a tag that Apple plays`, async () => {
    const file = await clip(folder, `${codec}.mp4`, pattern("214x120", 5));
    const { plan, policy: whole } = await prepare(file, options);
    const planned = { ...plan, renditions: plan.renditions.map((rendition) => ({ ...rendition, codec })) };
    const out = join(folder, codec);
    await mkdir(out);
    const made = command(planned, { name: "software" }, whole, out);
    const { frames } = await runFfmpeg(made, { stallMs: 60_000 });
    assert.equal(frames, 150);
    const [video] = intermediates(planned, out).videos;
    const entries =
      "packet=pts_time,flags:stream=codec_name,codec_tag_string,color_space,color_range,color_transfer";
    const { stdout } = await run(programOf("ffprobe"), [
      "-v",
      "error",
      "-show_entries",
      entries,
      "-of",
      "json",
      video!,
    ]);
    const { packets, streams } = JSON.parse(stdout);
    const keyframes = packets.filter(({ flags }: { flags: string }) => flags.startsWith("K"));
    assert.deepEqual(
      keyframes.map(({ pts_time }: { pts_time: string }) => Number(pts_time)),
      // One that heeds no single keyframes repeats the shortest distance.
      codec === "av1" ? [0, 1, 2, 3, 4] : [0, 1, 2, 4],
    );
    assert.deepEqual(streams, [
      {
        codec_name: codec,
        codec_tag_string: { h264: "avc1", hevc: "hvc1", av1: "av01" }[codec],
        color_space: "bt709",
        color_range: "tv",
        color_transfer: "bt709",
      },
    ]);
  });
