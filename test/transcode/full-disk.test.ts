import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type Progress, transcode } from "../../src/transcode/transcode.ts";
import { noSmallDisk, smallDisk } from "../small-disk.ts";
import { clip, pattern, policy, scratch } from "./clip.ts";

const folder = await scratch();
const file = await clip(folder, "clip.mp4", pattern("640x360", 8));
const roomy = 64 * 1024 ** 2;
const parts = { partsAbove: 1, partSeconds: 4, partsAtOnce: 1 };

/** Writes until nothing more fits, and leaves it there. */
function fill(disk: string): void {
  const block = new Uint8Array(2 ** 20);
  for (let name = 0; ; name++)
    try {
      writeFileSync(join(disk, `filler-${name}`), block);
    } catch {
      return;
    }
}

const left = async (disk: string) =>
  (await readdir(disk, { recursive: true })).filter((name) => !name.startsWith("filler")).toSorted();

for (const [when, full, more] of [
  ["during the encode", ({ stage, fraction }: Progress) => stage === "encode" && fraction > 0, {}],
  [
    "during the encode of a part",
    ({ stage, fraction }: Progress) => stage === "encode" && fraction > 0.6,
    parts,
  ],
  ["while segments are cut", ({ stage }: Progress) => stage === "package", {}],
  ["while the pictures of a divided video are made", ({ stage }: Progress) => stage === "pictures", parts],
] as const)
  test(`a disk that fills up ${when}: DISK_FULL, to be tried again, and nothing is left`, {
    skip: noSmallDisk,
  }, async () => {
    await using disk = await smallDisk(roomy);
    let filled = false;
    const done = transcode(file, {
      out: join(disk.path, "out"),
      policy: { ...policy, ladder: [360, 240], ...more, partsFolder: join(disk.path, "parts") },
      onProgress(progress) {
        if (filled || !full(progress)) return;
        filled = true;
        fill(disk.path);
      },
    });
    await assert.rejects(done, { code: "DISK_FULL", final: false });
    assert.deepEqual([filled, await left(disk.path)], [true, "partsAbove" in more ? ["parts"] : []]);
  });

test("a disk with too little space is refused before the encode, with the bytes", {
  skip: noSmallDisk,
}, async () => {
  await using disk = await smallDisk(2 ** 20);
  const stages: string[] = [];
  const tried = (more: object) =>
    transcode(file, {
      out: join(disk.path, "out"),
      policy: { ...policy, ...more },
      onProgress: ({ stage }) => stages.push(stage),
    });
  const said = new RegExp(`1048576 bytes are free in ${disk.path}, up to \\d{7,8} are needed there`);
  await assert.rejects(tried({}), { code: "DISK_FULL", final: false, message: said });
  // Where the parts lie on another disk each must have its share.
  const partsFolder = join(folder, "parts");
  await assert.rejects(tried({ ...parts, partsFolder }), { code: "DISK_FULL", message: said });
  const elsewhere = transcode(file, {
    out: join(folder, "out"),
    policy: { ...policy, ...parts, partsFolder: join(disk.path, "parts") },
  });
  await assert.rejects(elsewhere, { code: "DISK_FULL", final: false, message: /free in \S+\/parts, / });
  assert.deepEqual(await left(disk.path), ["parts"]);
  assert.deepEqual([...new Set(stages)], ["probe"]);
  await rm(partsFolder, { recursive: true });
});

for (const [mp4, kept] of [
  ["off", []],
  ["on", ["180p.mp4", "audio.mp4"]],
] as const)
  test(`an intermediate goes when its segments are cut, unless it is read again: one MP4 ${mp4}`, async () => {
    const place = join(folder, `place ${mp4}`);
    let after: string[] = [];
    await transcode(file, {
      out: join(place, "out"),
      policy: { ...policy, mp4 },
      onProgress({ stage, fraction }) {
        if (stage !== "package" || fraction < 1) return;
        after = readdirSync(join(place, readdirSync(place)[0]!)).filter((name) => name.endsWith(".mp4"));
      },
    });
    assert.deepEqual(after.toSorted(), kept);
  });
