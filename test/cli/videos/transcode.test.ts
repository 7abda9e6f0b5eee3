import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { access, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { shellQuote } from "../../../src/transcode/base/shell-quote.ts";
import { clip, pattern, scratch } from "../../transcode/clip.ts";

const run = promisify(execFile);
const main = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
const folder = await scratch();
const kiln = async (...args: string[]) =>
  (
    await run(process.execPath, [main, ...args], {
      env: { ...process.env, KILN_LADDER: "90", KILN_X264_PRESET: "ultrafast" },
    })
  ).stdout;

test("shell words are quoted only where they must be", () => {
  assert.equal(
    shellQuote(["ffmpeg", "-i", "file:/a b/it's.mp4", "[v0]", ""]),
    "ffmpeg -i 'file:/a b/it'\\''s.mp4' '[v0]' ''",
  );
});

test("--dry-run prints a command that a shell runs; --explain says why; neither writes", async () => {
  const source = await clip(folder, "it's a clip.mp4", pattern("160x90", 1));
  const out = join(folder, "dry");
  const printed = await kiln("transcode", source, "--out", out, "--dry-run");
  await assert.rejects(access(out));
  await mkdir(out);
  await run("sh", ["-c", printed]);
  await access(join(out, "90p.mp4"));

  assert.match(await kiln("transcode", source, "--explain"), /become 30 frames at a constant 30 a second/);
  const { status, plan, explanation } = JSON.parse(await kiln("transcode", source, "--explain", "--json"));
  assert.equal(status, "planned");
  assert.equal(plan.frames, 30);
  assert.ok(explanation.length > 3);
});

test("probe says what a file is, and whether it would be taken", async () => {
  const source = await clip(folder, "plain.mp4", pattern("160x90", 1));
  assert.match(await kiln("probe", source), /^size +160x90.*^captions +none\nverdict +taken$/ms);
  const { status, probe } = JSON.parse(await kiln("probe", source, "--json"));
  assert.deepEqual([status, probe.video.timing.packets, probe.audio.channels], ["taken", 30, 1]);
  const sound = await clip(folder, "sound.m4a", "-f lavfi -i sine=d=1");
  for (const [words, verdict] of [
    [[], /^verdict +NO_VIDEO_STREAM: the file has no video stream$/m],
    [["--json"], /"reason": "NO_VIDEO_STREAM"/],
  ] as const)
    await assert.rejects(
      kiln("probe", sound, ...words),
      ({ code, stdout }: { code: number; stdout: string }) => code === 1 && verdict.test(stdout),
    );
});
