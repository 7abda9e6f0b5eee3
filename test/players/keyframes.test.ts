import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { before, test } from "node:test";
import { promisify } from "node:util";
import { programOf } from "../../src/transcode/base/programs.ts";
import type { Manifest } from "../../src/transcode/manifest.ts";
import { transcode } from "../../src/transcode/transcode.ts";
import { policy, scratch } from "../transcode/clip.ts";
import { launchBrowser, noBrowser } from "./browser.ts";
import { numberedClip, stripes } from "./numbered-clip.ts";
import { openPage } from "./open-page.ts";

const run = promisify(execFile);
const folder = await scratch();
const out = join(folder, "out");
let made: Manifest;
before(async () => {
  const file = await numberedClip(folder, "clip.mp4", { rate: "30", seconds: 7, sound: "tone" });
  const codecs = ["h264", "hevc", "av1"] as const;
  made = await transcode(file, { out, policy: { ...policy, codecs, ladder: [120], profile: "fast" } });
});

/** Numbers of all frames that a decoder finds in a file. */
async function numbersIn(name: string, bytes: Uint8Array): Promise<number[]> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  const { stdout } = await run(
    programOf("ffmpeg"),
    ["-nostdin", "-v", "quiet", "-i", path, ..."-vf scale=48:4,format=gray -f rawvideo -".split(" ")],
    { encoding: "buffer" },
  );
  return Array.from({ length: stdout.length / (48 * 4) }, (_, frame) => {
    const bits = Array.from(
      { length: stripes },
      (_, bit) => stdout[frame * 48 * 4 + 48 + bit * 4 + 2]! > 127,
    );
    return bits.reduce((number, set, bit) => number + (set ? 2 ** bit : 0), 0);
  });
}

/** Frames with which segments begin. */
const starts = [0, 60, 120, 180];

test("each entry of an I-frame playlist decodes to one picture, the first of its segment", async () => {
  for (const { name } of made.renditions) {
    const playlist = join(out, name, "keyframes.m3u8");
    const text = await readFile(playlist, "utf8");
    const init = await readFile(join(dirname(playlist), /MAP:URI="([^"]+)"/.exec(text)![1]!));
    const entries = [...text.matchAll(/#EXT-X-BYTERANGE:(\d+)@(\d+)\n(.+)/g)];
    const numbers: number[][] = [];
    for (const [, length, offset, uri] of entries) {
      const segment = await readFile(join(dirname(playlist), uri!));
      const part = segment.subarray(Number(offset), Number(offset) + Number(length));
      numbers.push(await numbersIn(`${name}.mp4`, Buffer.concat([init, part])));
    }
    assert.deepEqual(
      numbers,
      starts.map((start) => [start]),
      name,
    );
  }
});

test("Shaka Player scrubs by the I-frame playlist: it fetches ranges, and shows keyframes alone", {
  skip: noBrowser,
}, async () => {
  await using browser = await launchBrowser();
  await using page = await openPage(browser, out);
  await page.open("shaka", "master.m3u8", "avc1");
  await page.scrub(2);
  await page.playThrough([], 2);
  const { troubles, frames, ended } = await page.seen();
  assert.deepEqual([troubles, ended], [[], true]);
  const scrubbed = page.requests.filter(({ range }) => range !== undefined);
  const first = Number(/\/(\d)-/.exec(scrubbed[0]!.path)?.[1]);
  assert.ok(first < starts.length, "not all was fetched before");
  const text = await readFile(join(out, "120p", "keyframes.m3u8"), "utf8");
  const entries = [...text.matchAll(/BYTERANGE:(\d+)@0\n(.+)/g)].map(([, length, uri]) => ({
    path: `video/120p/${uri}`,
    range: `bytes=0-${Number(length) - 1}`,
  }));
  assert.deepEqual(scrubbed, entries.slice(first));
  // A busy machine may miss a picture that stands for a moment only, but must never show one in between.
  const shown = new Set(frames.map(({ number }) => number).filter((number) => number >= starts[first]!));
  assert.ok(shown.size > 1 && shown.isSubsetOf(new Set(starts.slice(first))), `shown: ${[...shown]}`);
});
