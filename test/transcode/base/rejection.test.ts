import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { rejections } from "../../../src/base/errors.ts";
import { emptyOutputs, failure } from "../../../src/transcode/base/ffmpeg.ts";
import { limitsOf, TranscodeSettings } from "../../../src/transcode/base/settings.ts";
import { judge } from "../../../src/transcode/encode/judge.ts";
import { probe } from "../../../src/transcode/probe/probe.ts";
import { screen } from "../../../src/transcode/probe/screen.ts";
import { transcode } from "../../../src/transcode/transcode.ts";
import { clip, pattern, policy, scratch } from "../clip.ts";
import { source } from "../source.ts";

const folder = await scratch();
const results = join(folder, "results");
await mkdir(results);
const clips = join(folder, "clips");
await mkdir(clips);

const written = async (name: string, content: string | Uint8Array) => {
  const path = join(clips, name);
  await writeFile(path, content);
  return path;
};
const half = async (path: string) => {
  const content = await readFile(path);
  return await written(`half-${path.split("/").at(-1)}`, content.subarray(0, content.length / 2));
};
/** The same file with the brand of a HEIC. */
const photo = (mp4: Buffer) => Buffer.from(mp4.toString("latin1").replace("ftypisom", "ftypheic"), "latin1");
const audioWords = "-f lavfi -i sine=d=1";
/** Not random: a file of the same bytes in every run. */
const noise = Uint8Array.from({ length: 50_000 }, (_, index) => (index * index * 31 + index * 17 + 5) % 251);

const cases: readonly [name: string, code: keyof typeof rejections, make: () => Promise<string>][] = [
  ["a missing file", "FILE_NOT_FOUND", async () => join(clips, "missing.mp4")],
  ["a folder", "NOT_A_FILE", async () => clips],
  ["an empty file", "EMPTY_FILE", () => written("empty.mp4", "")],
  ["a text", "NOT_A_VIDEO", () => written("text.mp4", "To be, or not to be\n".repeat(100))],
  ["noise", "NOT_A_VIDEO", () => written("noise.mp4", noise)],
  [
    "a playlist in disguise",
    "FORBIDDEN_CONTAINER",
    () => written("playlist.mp4", "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"),
  ],
  [
    "a concat list in disguise",
    "FORBIDDEN_CONTAINER",
    () => written("concat.mp4", "ffconcat version 1.0\nfile a.mp4\n"),
  ],
  [
    "a DASH manifest in disguise",
    "FORBIDDEN_CONTAINER",
    () => written("dash.mp4", '\ufeff <?xml version="1.0"?>\n<MPD><BaseURL>file:///etc/</BaseURL></MPD>'),
  ],
  [
    "an animated WebP, which this ffmpeg cannot decode",
    "NOT_A_VIDEO",
    () => written("animated.webp", "RIFF\x40\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0"),
  ],
  [
    "a still picture",
    "NOT_A_VIDEO",
    () => clip(clips, "still.png", "-f lavfi -i testsrc2=s=64x64 -frames:v 1"),
  ],
  [
    "a photo with a video inside",
    "NOT_A_VIDEO",
    async () =>
      written("photo.heic", photo(await readFile(await clip(clips, "inside.mp4", pattern("64x64", 0.2))))),
  ],
  [
    "an encrypted mp4",
    "ENCRYPTED",
    () => {
      const key = "0123456789abcdef0123456789abcdef";
      const encryption = `-encryption_scheme cenc-aes-ctr -encryption_key ${key} -encryption_kid ${key}`;
      return clip(clips, "encrypted.mp4", pattern("64x64", 0.2, `-c:v libx264 ${encryption}`));
    },
  ],
  [
    "a codec that ffmpeg does not know",
    "UNSUPPORTED_CODEC",
    async () => {
      const words = "-f lavfi -i testsrc2=s=64x64:d=0.1 -c:v libx264";
      return written(
        "zav1.mp4",
        Buffer.from(
          (await readFile(await clip(clips, "avc.mp4", words), "latin1")).replaceAll("avc1", "zav1"),
          "latin1",
        ),
      );
    },
  ],
  ["sound", "NO_VIDEO_STREAM", () => clip(clips, "sound.m4a", audioWords)],
  ["an MP3", "NO_VIDEO_STREAM", () => clip(clips, "sound.mp3", audioWords)],
  [
    "sound with cover art",
    "NO_VIDEO_STREAM",
    () =>
      clip(
        clips,
        "cover.m4a",
        `${audioWords} -f lavfi -i testsrc2=s=64x64:d=0.04 -map 0 -map 1 -c:v mjpeg -disposition:v attached_pic`,
      ),
  ],
  [
    "half of an mp4 with its index behind",
    "TRUNCATED",
    async () => half(await clip(clips, "slow.mp4", pattern("160x90", 2))),
  ],
  [
    "half of an mp4 with its index in front: ffmpeg would end with success",
    "TRUNCATED",
    async () =>
      half(await clip(clips, "fast.mp4", pattern("160x90", 2, "-c:v libx264 -movflags +faststart"))),
  ],
  [
    "half of a fragmented mp4",
    "TRUNCATED",
    async () =>
      half(
        await clip(
          clips,
          "fragmented.mp4",
          pattern("160x90", 2, "-c:v libx264 -movflags +frag_keyframe+empty_moov"),
        ),
      ),
  ],
  [
    "half of a webm",
    "TRUNCATED",
    async () => half(await clip(clips, "half.webm", pattern("160x90", 1, "-c:v libvpx"))),
  ],
  ["half of an avi", "TRUNCATED", async () => half(await clip(clips, "half.avi", pattern("160x90", 1)))],
  [
    "frames that are all damaged",
    "CORRUPT",
    async () => {
      const path = await clip(
        clips,
        "whole.mkv",
        "-f lavfi -i testsrc2=s=160x90:r=25:d=2 -c:v libvpx-vp9 -deadline realtime",
      );
      const content = await readFile(path);
      const damaged = content.map((byte, index) => (index < 600 || index % 9 > 0 ? byte : byte ^ 0xff));
      return written("damaged.mkv", damaged);
    },
  ],
];

for (const [name, code, make] of cases) {
  test(`refused: ${name}: ${code}`, async () => {
    const out = join(results, "out");
    await assert.rejects(transcode(await make(), { out, policy }), { code, final: rejections[code].final });
    assert.deepEqual(await readdir(results), []);
  });
}

const limits = limitsOf(TranscodeSettings.parse({ KILN_MIN_SECONDS: "1" }));
for (const [code, from] of [
  ["TOO_LONG", source({ timing: { packets: 1, duration: 601, rate: 30, constant: true } })],
  ["TOO_SHORT", source({ timing: { packets: 3, duration: 0.1, rate: 30, constant: true } }, { audio: null })],
  [
    "TOO_LONG",
    source({}, { audio: { index: 1, codec: "aac", channels: 2, sampleRate: 44_100, start: 0, end: 601 } }),
  ],
  ["TOO_LARGE", source({ width: 9000, height: 5000 })],
  ["TOO_LARGE", source({}, { bytes: 5e9 })],
  ["TOO_FAST", source({ timing: { packets: 3000, duration: 2, rate: 1500, constant: true } })],
  ["TOO_MANY_STREAMS", source({}, { streamCount: 65 })],
  ["UNSUPPORTED_CODEC", source({ needsDolbyVision: true })],
  ["UNSUPPORTED_CODEC", source({ codec: "unknown" })],
  ["NO_FRAMES", source({ timing: { packets: 0, duration: 0, rate: 0, constant: true } })],
  ["TRUNCATED", source({}, { missingBytes: 1 })],
] as const) {
  test(`screen: ${code}`, () => assert.throws(() => screen(from, limits), { code }));
}

test("judge: damage is forgiven up to a stated share, and counted", () => {
  const report = { decoded: 100, concealed: 0, frames: 100 };
  const judged = (changed: Partial<Parameters<typeof judge>[0]>) =>
    judge({ ...report, ...changed }, 100, 100);
  assert.deepEqual(judged({}), { undecoded: 0, concealed: 0, missing: 0 });
  assert.deepEqual(judged({ decoded: null, frames: 98 }), { undecoded: 0, concealed: 0, missing: 0 });
  assert.deepEqual(judged({ decoded: 50, concealed: 12, frames: 91 }), {
    undecoded: 50,
    concealed: 12,
    missing: 9,
  });
  assert.throws(() => judged({ decoded: 49 }), { code: "CORRUPT" });
  assert.throws(() => judged({ concealed: 26 }), { code: "CORRUPT" });
  assert.throws(() => judged({ decoded: 0, frames: 0 }), { code: "CORRUPT" });
  assert.throws(() => judged({ decoded: 80, frames: 80 }), { code: "TRUNCATED" });
});

test("failures of ffmpeg are told apart by its log", () => {
  const code = (...log: string[]) => failure(log, new Error("ffmpeg exited with code 1")).code;
  assert.equal(code("av_interleaved_write_frame(): No space left on device"), "DISK_FULL");
  assert.equal(code("Decoder (codec ac4) not found for input stream #0:1"), "UNSUPPORTED_CODEC");
  assert.equal(code("Cannot determine format of input stream 0:0 after EOF"), "CORRUPT");
  // ffmpeg 9
  assert.equal(code("[fc#0 @ 0x558f] Cannot determine format of input 0:0 after EOF"), "CORRUPT");
  assert.equal(
    code("[fc#0 @ 0x55b6] Task finished with error code: -11 (Resource temporarily unavailable)"),
    "OUT_OF_MEMORY",
  );
  assert.equal(code("Segmentation fault"), "ENCODE_FAILED");
  assert.equal(failure([], new Error("ffmpeg exited with code 127")).code, "FFMPEG_MISSING");
  assert.equal(rejections.DISK_FULL.final, false);
});

test("outputs without a frame are told from encoders that did not open for another reason", () => {
  const unopened = (index: number) => [
    `[vost#${index}:0/rawvideo @ 0x55a4] Could not open encoder before EOF`,
    `[vost#${index}:0/rawvideo @ 0x55a4] Task finished with error code: -22 (Invalid argument)`,
  ];
  // ffmpeg 9 names the encoder, too.
  const recent = unopened(4).map((line) => line.replace("] C", "] [enc:rawvideo @ 0x55a5] C"));
  assert.deepEqual(emptyOutputs([...unopened(3), ...recent]), [3, 4]);
  const graph =
    "[fc#0 @ 0x55b6] Task finished with error code: -542398533 (Generic error in an external library)";
  assert.deepEqual(emptyOutputs([graph, ...unopened(3)]), []);
  const other = "[vost#0:0/libx264 @ 0x55b7] Task finished with error code: -12 (Cannot allocate memory)";
  assert.deepEqual(emptyOutputs([...unopened(3), other]), []);
});

test("the video inside a photo is taken when that is wanted", async () => {
  const inside = await readFile(await clip(clips, "motion.mp4", pattern("64x64", 0.2)));
  const file = await written("motion.heic", photo(inside));
  const { video } = await probe(file, { motionPhotos: "accepted" });
  assert.equal(video?.timing.packets, 6);
});

test("which decoder is missing", () => {
  const video = { ...source().video, codec: "unknown" };
  const limits = limitsOf(TranscodeSettings.parse({}));
  for (const [tag, named] of [
    ["dav1", /AV1 in Dolby Vision.*libdav1d/],
    ["zzz1", /the file calls it "zzz1"/],
    ["[0][0][0][0]", /convert it to H.264$/],
  ] as const)
    assert.throws(() => screen({ ...source(), video: { ...video, tag } }, limits), {
      code: "UNSUPPORTED_CODEC",
      message: named,
    });
  const log = ["Decoder (codec av1) not found for input stream #0:0"];
  assert.match(failure(log, new Error("ffmpeg exited with code 1")).message, /no decoder for av1/);
});

const kiln = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
const run = promisify(execFile);

test("command line: a refusal is one line or one JSON document, exit code 1, no stack trace", async () => {
  const text = await written("letter.mp4", "Dear Sir or Madam");
  const args = [kiln, "transcode", text, "--out", join(results, "cli")];
  await assert.rejects(run(process.execPath, args), {
    code: 1,
    stdout: "",
    stderr: "NOT_A_VIDEO: the file is not a video in a format that Kiln reads\n",
  });
  await assert.rejects(run(process.execPath, [...args, "--json"]), {
    code: 1,
    stdout: `${JSON.stringify(
      {
        status: "rejected",
        reason: "NOT_A_VIDEO",
        message: "the file is not a video in a format that Kiln reads",
      },
      null,
      2,
    )}\n`,
    stderr: "",
  });
  assert.deepEqual(await readdir(results), []);
});
