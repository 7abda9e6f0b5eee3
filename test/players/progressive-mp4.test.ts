import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { programOf } from "../../src/transcode/base/programs.ts";
import { transcode } from "../../src/transcode/transcode.ts";
import { policy, scratch } from "../transcode/clip.ts";
import { assertPlayed } from "./assert-played.ts";
import { launchBrowser, noBrowser } from "./browser.ts";
import { numberedClip } from "./numbered-clip.ts";
import { openPage } from "./open-page.ts";

const run = promisify(execFile);

test("one MP4: plays without a library from a plain server, seeks by ranges, begins with its first bytes", {
  skip: noBrowser,
}, async () => {
  const folder = await scratch();
  const file = await numberedClip(folder, "clip.mp4", { rate: "30", seconds: 6, sound: "tone" });
  const out = join(folder, "out");
  const made = await transcode(file, { out, policy: { ...policy, mp4: "on" } });
  const { path } = made.mp4!;
  await using browser = await launchBrowser();
  await using page = await openPage(browser, out);
  await page.open("none", path);
  await page.playThrough([], 2);
  const tracks = [[[0, made.duration]], [[0, made.duration]]] as [number, number][][];
  assertPlayed({ ...(await page.seen()), tracks }, made);
  const shown: number[] = [];
  // Not the last frames of a group: Chromium looks for keyframes in files by decoding time, and shows the next one.
  const sought = [179, 120, 121, 60, 61, 30, 0];
  for (const frame of sought) shown.push(await page.seek(frame / 30 + 0.01, 1 / 30));
  assert.deepEqual(shown, sought);
  assert.ok(page.requests.some((request) => request.path === `video/${path}` && request.range !== undefined));

  const bytes = await readFile(join(out, path));
  const half = join(folder, "half.mp4");
  await writeFile(half, bytes.subarray(0, bytes.length / 2));
  const words = ["-nostdin", "-v", "quiet", "-stats", "-i", half, "-f", "null", "-"];
  const { stderr } = await run(programOf("ffmpeg"), words);
  const frames = Number(/frame= *(\d+)(?!.*frame=)/s.exec(stderr)?.[1]);
  assert.ok(frames > 60 && frames < 180, `${frames} of 180 frames are in the first half`);
});
