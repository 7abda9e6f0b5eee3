import assert from "node:assert/strict";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type FfmpegCommand, runFfmpeg } from "../../../src/transcode/base/ffmpeg.ts";
import { policyOf, TranscodeSettings } from "../../../src/transcode/base/settings.ts";
import { boundsOf } from "../../../src/transcode/encode/bounds.ts";
import { plan } from "../../../src/transcode/plan/plan.ts";
import { transcode } from "../../../src/transcode/transcode.ts";
import { pathOf } from "../cells.ts";
import { clip, pattern, policy, scratch } from "../clip.ts";
import { ffmpegsNaming } from "../running.ts";
import { source } from "../source.ts";

const folder = await scratch();
const generous = { seconds: 600, memoryBytes: 4 * 1024 ** 3, fileBytes: 1024 ** 3 };

/** Writes pictures until somebody stops it. */
const endless = (name: string, size = "320x180", encoder = "rawvideo"): FfmpegCommand => ({
  inputOptions: ["-f", "lavfi"],
  input: `testsrc2=s=${size}:r=30`,
  filterGraph: "[0:v]format=yuv420p[out]",
  outputs: [{ options: ["-map", "[out]", "-c:v", encoder, "-f", "rawvideo"], target: join(folder, name) }],
});

for (const [code, bounds, size, encoder] of [
  ["OUTPUT_TOO_LARGE", { ...generous, fileBytes: 1024 ** 2 }, "320x180", "rawvideo"],
  ["ENCODE_TOO_SLOW", { ...generous, seconds: 0.2 }, "32x18", "rawvideo"],
  ["OUT_OF_MEMORY", { ...generous, memoryBytes: 256 * 1024 ** 2 }, "3840x2160", "libx264"],
] as const)
  test(`an ffmpeg that leaves its bounds is stopped: ${code}`, async () => {
    const running = runFfmpeg(endless(code, size, encoder), { stallMs: 600_000, bounds });
    await assert.rejects(running, { code, final: false });
    assert.deepEqual(await ffmpegsNaming(folder), []);
  });

test("within its bounds it ends as without", async () => {
  const command = endless("whole");
  const input = `${command.input}:d=1`;
  assert.equal((await runFfmpeg({ ...command, input }, { stallMs: 60_000, bounds: generous })).frames, 30);
});

test("bounds: twice what the largest file may have, and no limit on memory that a driver reserves", () => {
  const settings = policyOf(TranscodeSettings.parse({ KILN_ENCODE_SECONDS: "60" }));
  const decided = plan(source(), settings);
  const { maxrate, bufsize } = decided.renditions[0]!;
  const poster = decided.pictures.poster;
  const largest = Math.max((maxrate * 2 + bufsize) / 8, poster.width * poster.height * 3 * poster.count);
  const bounds = { seconds: 60, memoryBytes: 8 * 1024 ** 3, fileBytes: 2 * largest + 16 * 1024 ** 2 };
  assert.deepEqual(boundsOf(decided, pathOf("software"), settings), bounds);
  assert.deepEqual(boundsOf(decided, pathOf("nvdec"), settings), { ...bounds, memoryBytes: null });
});

test("a transcode that leaves its bounds leaves nothing behind", async () => {
  const results = join(folder, "results");
  await mkdir(results);
  const file = await clip(folder, "clip.mp4", pattern("3840x2160", 0.2));
  const tight = { ...policy, ladder: [2160], preset: "veryfast", memoryBytes: 256 * 1024 ** 2 } as const;
  await assert.rejects(transcode(file, { out: join(results, "out"), policy: tight }), {
    code: "OUT_OF_MEMORY",
  });
  assert.deepEqual(await readdir(results), []);
});
