import assert from "node:assert/strict";
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Verification } from "../../../src/transcode/base/settings.ts";
import { storeText } from "../../../src/transcode/base/stored-file.ts";
import type { Manifest } from "../../../src/transcode/manifest.ts";
import { mediaPlaylist, playlistPath } from "../../../src/transcode/package/hls.ts";
import { packageTrack } from "../../../src/transcode/package/package.ts";
import { transcode } from "../../../src/transcode/transcode.ts";
import { readDash, readHls } from "../../../src/transcode/verify/playlist-text.ts";
import { type Expectation, verify } from "../../../src/transcode/verify/verify.ts";
import { clip, pattern, policy, scratch } from "../clip.ts";

const folder = await scratch();
const whole = join(folder, "whole");
const manifest = await transcode(await clip(folder, "clip.mp4", pattern("320x180", 3)), {
  out: whole,
  policy,
});

/** What the manifest says that the folder holds. */
function expectation({
  renditions,
  audio,
  captions,
  hls,
  dash,
  mp4,
  files,
  frameRate,
}: Manifest): Expectation {
  const init = (playlist: string) =>
    files.find(({ path }) => path.startsWith(playlist.replace("index.m3u8", "init-")))!.path;
  return {
    videos: renditions.map(({ playlist, codecs, width, height }) => ({
      ...{ playlist, init: init(playlist), codec: codecs },
      ...{ width, height, encoded: "h264" as const },
    })),
    audio: audio && { playlist: audio.playlist, init: init(audio.playlist), codec: audio.codecs },
    captions: captions.map(({ playlist }) => playlist),
    ...{ hls, dash, mp4: mp4?.path ?? null, files },
    ...{
      frames: renditions[0]!.frames,
      segments: { segment: 60, group: 30, short: 2 },
      framesPerSecond: frameRate.numerator / frameRate.denominator,
    },
  };
}

const expected = expectation(manifest);
const fileOf = (start: string) => manifest.files.find(({ path }) => path.startsWith(start))!.path;

for (const level of ["packets", "keyframes", "full"] as const)
  test(`a whole product passes: ${level}`, () => verify(whole, expected, { level }));

/** A product with one fault, and the part of the message that names it. */
const faults: [
  name: string,
  level: Verification,
  spoil: (out: string) => Promise<Partial<Expectation>>,
  says: RegExp,
][] = [
  [
    "a segment is missing",
    "packets",
    async (out) => {
      await rm(join(out, fileOf("120p/1-")));
      return {};
    },
    /120p\/1-.*: 0 bytes instead of/,
  ],
  [
    "a segment is cut short",
    "packets",
    async (out) => {
      const path = join(out, fileOf("120p/1-"));
      await writeFile(path, (await readFile(path)).subarray(0, -100));
      return {};
    },
    /120p\/1-.*bytes instead of/,
  ],
  [
    "a playlist names a file that is not there",
    "packets",
    async (out) => {
      const path = join(out, "180p/index.m3u8");
      const text = await readFile(path, "utf8");
      await writeFile(path, text.replace("1-", "2-"));
      return {};
    },
    /180p\/index\.m3u8: names 2-/,
  ],
  [
    "another size than planned",
    "packets",
    async () => ({ videos: expected.videos.map((video) => ({ ...video, width: 322 })) }),
    /320x180 pixels/,
  ],
  [
    "another codec than planned",
    "packets",
    async () => ({ videos: expected.videos.map((video) => ({ ...video, codec: "hvc1.1.6.L93.B0" })) }),
    /avc1\.\w+ instead of hvc1/,
  ],
  [
    "encoded by another encoder than planned",
    "packets",
    async () => ({ videos: expected.videos.map((video) => ({ ...video, encoded: "hevc" as const })) }),
    /avc1\.\w+ is not hevc/,
  ],
  ["a frame too few", "packets", async () => ({ frames: 91 }), /90 frames instead of 91/],
  [
    "a keyframe within a group",
    "packets",
    async () => ({ segments: { segment: 60, group: 60, short: 0 } }),
    /frame 30 should not be a keyframe/,
  ],
  [
    "a segment that no keyframe begins",
    "packets",
    async () => ({ segments: { segment: 60, group: 15, short: 2 } }),
    /frame 15 should be a keyframe/,
  ],
  [
    "a playlist with other durations than its segments",
    "packets",
    async (out) => {
      const path = join(out, "120p/index.m3u8");
      await writeFile(path, (await readFile(path, "utf8")).replace(/1,(\n2-)/, "3,$1"));
      return {};
    },
    /120p\/index\.m3u8: its segments end at 5 s instead of 3 s/,
  ],
  [
    "sound that outlasts the picture by more than a frame of it",
    "packets",
    (out) => soundUntil(out, 3.022),
    /sound\/index\.m3u8: ends at 3\.029\d* s, the video at 3 s/,
  ],
  [
    "sound that ends before the picture",
    "packets",
    (out) => soundUntil(out, 2.98),
    /sound\/index\.m3u8: ends at 2\.986\d* s, the video at 3 s/,
  ],
  [
    "a sound playlist with other durations than its segments",
    "packets",
    async (out) => {
      const path = join(out, manifest.audio!.playlist);
      const text = await readFile(path, "utf8");
      await writeFile(
        path,
        text.replace(/(?<=#EXTINF:)[\d.]+/, ({ length }) => "1.5".padEnd(length, "0")),
      );
      return {};
    },
    /audio.*index\.m3u8: packet 46 is not where the one before it ends/,
  ],
  [
    "a single file whose sound outlasts its picture",
    "packets",
    async (out) => {
      const sound =
        "-f lavfi -i sine=d=3.5:r=48000 -map 0:v -map 1:a -c:v copy -c:a aac -movflags +faststart";
      await cp(
        await clip(folder, "longer.mp4", `-i ${join(whole, "180p/index.m3u8")} ${sound}`),
        join(out, "longer.mp4"),
      );
      return { mp4: "longer.mp4" };
    },
    /longer\.mp4: ends at 3\.\d+ s, the video at 3 s/,
  ],
  [
    "pictures that do not decode",
    "keyframes",
    async (out) => {
      await damage(join(out, fileOf("120p/0-")));
      return {};
    },
    /120p.*(the decoder reports|decode$)/,
  ],
  [
    "sound that does not decode",
    "keyframes",
    async (out) => {
      await damage(join(out, fileOf("audio/0-")));
      return {};
    },
    /audio.*(the decoder reports|decode$)/,
  ],
];

/** Sound of another length beside the rest. */
async function soundUntil(out: string, endSeconds: number): Promise<Partial<Expectation>> {
  const file = await clip(
    folder,
    `sound-${endSeconds}.mp4`,
    `-f lavfi -i sine=d=4:r=48000 -c:a aac ${soundFlags}`,
  );
  const { segments, framesPerSecond } = expected;
  const track = await packageTrack(
    { name: "sound", kind: "audio", parts: [{ file, start: 0 }], framesPerSecond, segments, endSeconds },
    { out },
  );
  const playlist = await storeText(out, playlistPath(track), mediaPlaylist(track));
  const stored = [track.init, playlist, ...track.segments.map(({ file: segment }) => segment)];
  return {
    audio: { playlist: playlist.path, init: track.init.path, codec: track.codec },
    files: [...expected.files, ...stored],
  };
}

const soundFlags =
  "-fflags +bitexact -movflags +frag_keyframe+delay_moov+default_base_moof -frag_duration 1000000";

/** Overwrites the second half of a segment, keeping its length. */
async function damage(path: string): Promise<void> {
  const content = await readFile(path);
  content.fill(0xff, content.length >> 1);
  await writeFile(path, content);
}

for (const [name, level, spoil, says] of faults) {
  test(`refused: ${name}`, async () => {
    const out = join(folder, name);
    await cp(whole, out, { recursive: true });
    await assert.rejects(verify(out, { ...expected, ...(await spoil(out)) }, { level }), says);
  });
}

test("playlists are read back: names and durations", () => {
  const text =
    '#EXTM3U\n#EXT-X-MAP:URI="init.mp4"\n#EXTINF:2.002,\n0.m4s\n#EXTINF:0.5,\n1.m4s\n#EXT-X-ENDLIST\n';
  assert.deepEqual(readHls(text), { uris: ["0.m4s", "1.m4s", "init.mp4"], seconds: [2.002, 0.5] });
  assert.throws(() => readHls("<html>"));
  assert.deepEqual(readDash('<MPD><Initialization sourceURL="a"/><SegmentURL media="b"/></MPD>\n'), [
    "a",
    "b",
  ]);
  assert.throws(() => readDash("<MPD>"));
});
