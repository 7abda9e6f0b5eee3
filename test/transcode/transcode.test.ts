import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import { type Manifest, readManifest } from "../../src/transcode/manifest.ts";
import { packageTrack } from "../../src/transcode/package/package.ts";
import { type Progress, transcode } from "../../src/transcode/transcode.ts";
import { clip, pattern, policy, scratch } from "./clip.ts";

const folder = await scratch();

/** Every file of the manifest is there with its hash and size, and no other file is. */
async function assertWhole(out: string, manifest: Manifest): Promise<void> {
  const found = await readdir(out, { recursive: true, withFileTypes: true });
  const paths = found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(out.length + 1))
    .toSorted();
  assert.deepEqual([...manifest.files.map(({ path }) => path), "manifest.json"].toSorted(), paths);
  for (const { path, bytes, sha256, immutable } of manifest.files) {
    const content = await readFile(join(out, path));
    assert.equal(content.length, bytes);
    assert.equal(createHash("sha256").update(content).digest("hex"), sha256);
    assert.ok(bytes <= 1_900_000);
    assert.equal(immutable, path.includes(`-${sha256.slice(0, 12)}.`));
  }
  for (const playlist of manifest.files.filter(({ path }) => path.endsWith(".m3u8"))) {
    const text = await readFile(join(out, playlist.path), "utf8");
    for (const name of text.split("\n").filter((line) => line !== "" && !line.startsWith("#")))
      assert.ok(paths.includes(join(dirname(playlist.path), name)), `${playlist.path} names ${name}`);
  }
}

/** ISO/IEC 14496-12, 8.3.2: writes the matrix of a quarter turn into the track header. */
async function turnClockwise(path: string, heightAfter: number): Promise<void> {
  const content = await readFile(path);
  const matrix = content.indexOf("tkhd") + 44;
  const values = [0, 0x10000, 0, -0x10000, 0, 0, heightAfter * 0x10000, 0, 0x40000000];
  for (const [index, value] of values.entries()) content.writeInt32BE(value, matrix + 4 * index);
  await writeFile(path, content);
}

test("landscape with sound: renditions, playlists, posters, manifest; progress runs through the stages", async () => {
  const out = join(folder, "landscape");
  const seen: Progress[] = [];
  const manifest = await transcode(await clip(folder, "landscape.mp4", pattern("320x180", 5)), {
    out,
    policy,
    onProgress: (progress) => seen.push(progress),
  });
  assert.deepEqual(manifest, await readManifest(out));
  await assertWhole(out, manifest);
  assert.deepEqual(
    manifest.renditions.map(({ name, width, height, frames }) => [name, width, height, frames]),
    [
      ["180p", 320, 180, 150],
      ["120p", 214, 120, 150],
    ],
  );
  assert.equal(manifest.duration, 5);
  assert.equal(manifest.audio?.codecs, "mp4a.40.2");
  assert.deepEqual(
    [...new Set(seen.map(({ stage }) => stage))],
    ["probe", "encode", "package", "pictures", "verify"],
  );
  assert.equal(manifest.analysis, null);
  for (const { path, width, height } of manifest.posters) {
    const { width: w, height: h } = await sharp(join(out, path)).metadata();
    assert.deepEqual([w, h], [width, height]);
  }
});

test("portrait by rotation, without sound: the picture stands upright and no track is invented", async () => {
  const upright = await clip(
    folder,
    "upright.mp4",
    "-f lavfi -i testsrc2=s=180x320:r=25:d=1 -c:v libx264 -preset ultrafast -crf 10",
  );
  const lying = await clip(
    folder,
    "lying.mp4",
    `-i ${upright} -vf transpose=cclock -c:v libx264 -preset ultrafast -crf 10`,
  );
  await turnClockwise(lying, 180);
  const [one, other] = [
    await transcode(upright, { out: join(folder, "upright"), policy }),
    await transcode(lying, { out: join(folder, "lying"), policy }),
  ];
  assert.equal(one.source.rotation, 0);
  assert.equal(other.source.rotation, 90);
  assert.equal(other.audio, null);
  assert.deepEqual(
    other.renditions.map(({ width, height }) => [width, height]),
    [
      [180, 320],
      [120, 214],
    ],
  );
  // The storyboard shows the same frames of both; which of them is the best poster may depend on the encoder.
  const pixels = (name: string, { storyboard }: Manifest) =>
    sharp(join(folder, name, storyboard.sprite))
      .raw()
      .toBuffer();
  const [a, b] = [await pixels("upright", one), await pixels("lying", other)];
  const distance = a.reduce((sum, value, index) => sum + Math.abs(value - b[index]!), 0) / a.length;
  assert.ok(distance < 6, `the turned picture differs by ${distance} levels on average`);
});

test("packaging twice gives the same bytes", async () => {
  const file = await clip(
    folder,
    "intermediate.mp4",
    "-f lavfi -i testsrc2=s=160x90:r=30:d=3 -c:v libx264 -preset ultrafast -g 60 -movflags +frag_keyframe+delay_moov+default_base_moof",
  );
  const cut = {
    name: "90p",
    kind: "video" as const,
    parts: [{ file, start: 0 }],
    framesPerSecond: 30,
    segments: { segment: 60, group: 60, short: 0 },
    endSeconds: 3,
  };
  const first = await packageTrack(cut, { out: join(folder, "first") });
  // Times of creation are whole seconds: wait until the clock shows another one.
  const second = Math.floor(Date.now() / 1000);
  while (Math.floor(Date.now() / 1000) === second) await new Promise(setImmediate);
  assert.deepEqual(await packageTrack(cut, { out: join(folder, "second") }), first);
  assert.equal(first.packets, 90);
  assert.deepEqual(
    first.segments.map(({ seconds }) => seconds),
    [2, 1],
  );
});

test("an existing folder is replaced when it is ours, and refused when it is not", async () => {
  const file = await clip(folder, "short.mp4", pattern("160x90", 1));
  const out = join(folder, "again");
  await transcode(file, { out, policy });
  await assertWhole(out, await transcode(file, { out, policy: { ...policy, ladder: [90] } }));
  const foreign = join(folder, "foreign");
  await mkdir(foreign);
  await writeFile(join(foreign, "letter.txt"), "mine");
  await assert.rejects(transcode(file, { out: foreign, policy }), { code: "OUT_NOT_EMPTY" });
  assert.deepEqual(await readdir(foreign), ["letter.txt"]);
  await assert.rejects(transcode(file, { out: join(file, "below"), policy }), { code: "OUT_NOT_WRITABLE" });
});

test("a source that changes its size and its clock half-way becomes one even video", async () => {
  const parts = await Promise.all(
    ["120x90", "90x120"].map((size, index) =>
      clip(
        folder,
        `part-${index}.ts`,
        `-f lavfi -i testsrc2=s=${size}:r=30:d=1 -c:v libx264 -preset ultrafast -output_ts_offset ${index * 500}`,
      ),
    ),
  );
  const joined = join(folder, "joined.ts");
  await writeFile(joined, Buffer.concat(await Promise.all(parts.map((part) => readFile(part)))));
  const { renditions } = await transcode(joined, { out: join(folder, "joined"), policy });
  assert.deepEqual(
    renditions.map(({ width, height, frames }) => [width, height, frames]),
    [[120, 90, 60]],
  );
});

for (const [name, words, expected] of [
  ["one frame of 16x16.mp4", "-f lavfi -i testsrc2=s=16x16:r=30 -frames:v 1", [16, 16, 1]],
  ["animated.gif", "-f lavfi -i testsrc2=s=100x60:r=10:d=1", [100, 60, 10]],
  [
    "anamorphic interlaced.mkv",
    "-f lavfi -i testsrc2=s=72x60:r=25:d=1 -vf setsar=64/45,setfield=tff -c:v libx264 -flags +ildct+ilme",
    [102, 60, 25],
  ],
  [
    "ten bit 444 odd.mkv",
    "-f lavfi -i testsrc2=s=81x61:r=25:d=1 -c:v libx264 -pix_fmt yuv444p10le",
    [80, 60, 25],
  ],
  [
    "surround.mov",
    "-f lavfi -i testsrc2=s=80x60:r=25:d=1 -f lavfi -i anoisesrc=d=1,aformat=channel_layouts=5.1 -c:v mjpeg -c:a aac",
    [80, 60, 25],
  ],
  [
    "variable.webm",
    "-f lavfi -i testsrc2=s=80x60:r=30:d=2 -vf select='mod(n,7)+mod(n,3)' -fps_mode vfr -c:v libvpx",
    [80, 60, 59],
  ],
  [
    "broadcast.m2ts",
    "-f lavfi -i testsrc2=s=80x60:r=30:d=1 -c:v libx264 -f mpegts -mpegts_m2ts_mode 1",
    [80, 60, 30],
  ],
] as const) {
  test(`taken: ${name}`, async () => {
    const out = join(folder, `taken ${name}`);
    const manifest = await transcode(await clip(folder, name, words), {
      out,
      policy: { preset: "ultrafast" },
    });
    await assertWhole(out, manifest);
    const [{ width, height, frames } = { width: 0, height: 0, frames: 0 }] = manifest.renditions;
    assert.deepEqual([width, height, frames], expected);
  });
}
