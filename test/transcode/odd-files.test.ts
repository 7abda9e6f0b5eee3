import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { programOf } from "../../src/transcode/base/programs.ts";
import { transcode } from "../../src/transcode/transcode.ts";
import { clip, policy, scratch } from "./clip.ts";
import { writeMatrix } from "./display-matrix.ts";
import { coarse, fineFrames, nearest, type Turn } from "./small-frames.ts";

const run = promisify(execFile);
const folder = await scratch();

/** Files that are legal and that nobody expects. Each shows a known picture, and each sound is a known stretch. */
type Odd = {
  /** ffmpeg's words, or what makes the file; a string is the file's name. */
  make: string | ((path: string) => Promise<unknown>);
  /** Of the largest rendition: size, frames, rate. */
  made: string;
  /** `#` for every tenth of a second with sound, `.` without; absent: no track. */
  sound?: string;
  /** Frames of the output, and the second of the pattern that each must show. */
  shows?: readonly (readonly [frame: number, second: number])[];
  /** What is shown. */
  pattern?: { size?: string; rate?: number };
  turn?: Turn;
};

/** Soft, so that halved chroma and two encodes change little of it. */
const show = (size = "160x90", rate = 30) => `testsrc2=s=${size}:r=${rate},format=gbrp,gblur=sigma=4`;
const picture = (seconds: number, size?: string, rate?: number) =>
  `-f lavfi -t ${seconds} -i ${show(size, rate)}`;
const tone = (seconds: number) => `-f lavfi -i sine=d=${seconds}:f=700:r=48000`;
const h264 = "-c:v libx264 -preset ultrafast -qp 6 -pix_fmt yuv420p";
const whole = "#".repeat(10);
/** First and last of a second at 30 frames a second. */
const plain = "160x90 30 30/1";

const files: Record<string, Odd> = {
  "surround.mkv": {
    make: `${picture(1)} ${tone(1)} ${h264} -c:a ac3 -ac 6`,
    made: plain,
    sound: whole,
  },
  "mono 8 kHz.mp4": {
    make: `${picture(1)} ${tone(1)} ${h264} -c:a aac -ac 1 -ar 8000`,
    made: plain,
    sound: whole,
  },
  "telephone.mov": {
    make: `${picture(1)} ${tone(1)} ${h264} -c:a pcm_mulaw -ac 1 -ar 8000`,
    made: plain,
    sound: whole,
  },
  "first sound undecodable.mkv": {
    make: async (path) => {
      const inputs = `${picture(1)} ${tone(1)} -f lavfi -i sine=d=0.5:r=48000 -map 0 -map 1 -map 2`;
      const two = await clip(folder, "two.mkv", `${inputs} ${h264} -c:a:0 ac3 -c:a:1 pcm_s16le`);
      const content = await readFile(two, "latin1");
      await writeFile(path, content.replace("A_AC3", "A_ZZ3"), "latin1");
    },
    made: plain,
    sound: "#####.....",
  },
  "empty sound track.mov": {
    // The header first: afterwards a muxer would leave the track out.
    make: `${picture(1)} ${tone(1)} ${h264} -c:a pcm_s16le -bsf:a noise=drop=1 -movflags +frag_keyframe+empty_moov`,
    made: plain,
  },
  "sound alone for a second, then the picture.mkv": {
    make: `${picture(0.5)} ${tone(1.5)} -filter_complex [0]setpts=PTS+1/TB[v] -map [v] -map 1 ${h264} -fps_mode passthrough -c:a pcm_s16le`,
    made: "160x90 45 30/1",
    sound: "#".repeat(15),
    shows: [
      [0, 0],
      [30, 0],
      [44, 14 / 30],
    ],
  },
  "clock begins at 5 s.mkv": { make: `${picture(1)} ${h264} -output_ts_offset 5`, made: plain },
  "clock begins below zero.mp4": {
    make: `${picture(1)} ${tone(1)} ${h264} -output_ts_offset -0.5 -avoid_negative_ts disabled`,
    made: "160x90 15 30/1",
    sound: "#####",
    shows: [
      [0, 0.5],
      [14, 29 / 30],
    ],
  },
  "clock jumps by three days.ts": {
    make: `${picture(1)} -vf setpts=if(lt(N\\,15)\\,PTS\\,PTS+259200/TB) ${h264} -fps_mode passthrough`,
    made: plain,
  },
  "1 to 120 frames a second.mp4": {
    make: `${picture(2, "160x90", 120)} -vf select=if(lt(t\\,0.5)\\,1\\,not(mod(n\\,120))) -fps_mode passthrough ${h264}`,
    made: "160x90 60 60/1",
    shows: [
      [0, 0],
      [28, 28 / 60],
      [59, 59.5 / 120],
    ],
    pattern: { rate: 120 },
  },
  "a frame a second.mp4": {
    make: `${picture(1, "160x90", 1)} ${h264}`,
    made: "160x90 10 10/1",
    shows: [
      [0, 0],
      [9, 0],
    ],
    pattern: { rate: 1 },
  },
  "12.5 frames a second.mp4": {
    make: `${picture(1.2, "160x90", 12.5)} ${h264}`,
    made: "160x90 15 25/2",
    pattern: { rate: 12.5 },
  },
  "slow motion.mp4": {
    make: `${picture(0.5, "160x90", 240)} ${h264}`,
    made: "160x90 30 60/1",
    pattern: { rate: 240 },
  },
  "interlaced, top first.mpg": {
    make: `${picture(1, "160x96", 50)} -vf tinterlace=interleave_top,fieldorder=tff -c:v mpeg2video -q:v 1 -flags +ildct+ilme`,
    made: "160x96 25 25/1",
    pattern: { size: "160x96", rate: 50 },
  },
  "interlaced, bottom first.ts": {
    make: `${picture(1, "160x96", 50)} -vf tinterlace=interleave_bottom,fieldorder=bff -c:v mpeg2video -q:v 1 -flags +ildct+ilme`,
    made: "160x96 25 25/1",
    pattern: { size: "160x96", rate: 50 },
  },
  "anamorphic and turned.mp4": {
    make: async (path) => {
      await clip(folder, path.split("/").at(-1)!, `${picture(1, "160x96")} -vf setsar=4/3 ${h264}`);
      await writeMatrix(path, [0, 1, -1, 0]);
    },
    made: "96x214 30 30/1",
    pattern: { size: "160x96" },
    turn: "right",
  },
  "10 bits 4:2:2.mov": {
    make: `${picture(1)} -c:v prores_ks -profile:v 3 -pix_fmt yuv422p10le`,
    made: plain,
  },
  "12 bits with alpha.mov": {
    make: `${picture(1)} -c:v prores_ks -profile:v 4444 -pix_fmt yuva444p10le`,
    made: plain,
  },
  "motion JPEG.avi": { make: `${picture(1)} -c:v mjpeg -q:v 1 -pix_fmt yuvj422p`, made: plain },
  "alpha VP8.webm": {
    make: `${picture(1)} -pix_fmt yuva420p -c:v libvpx -auto-alt-ref 0 -crf 4 -b:v 4M`,
    made: plain,
  },
  "alpha VP9.webm": {
    make: `${picture(1)} -pix_fmt yuva420p -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -crf 4 -b:v 4M`,
    made: plain,
  },
  "AV1 with Opus.mp4": {
    make: `${picture(1)} ${tone(1)} -pix_fmt yuv420p -c:v libsvtav1 -preset 12 -crf 8 -c:a libopus`,
    made: plain,
    sound: whole,
  },
  "full range.mp4": {
    make: `${picture(1)} -c:v libx264 -preset ultrafast -qp 6 -pix_fmt yuvj420p`,
    made: plain,
  },
  "PAL.mpg": {
    make: `${picture(0.4, "720x576", 25)} -vf setsar=16/15 -c:v mpeg2video -q:v 1 -pix_fmt yuv420p -colorspace bt470bg -color_primaries bt470bg -color_trc gamma28`,
    made: "240x180 10 25/1",
    pattern: { size: "720x576", rate: 25 },
  },
  "grows in the middle.mp4": {
    make: async (path) => {
      const streams = await Promise.all(
        ["160x90", "320x180"].map((size) =>
          clip(folder, `${size}.h264`, `${picture(0.5)} -s ${size} ${h264} -g 5 -f h264`),
        ),
      );
      const both = join(folder, "both.h264");
      await writeFile(both, Buffer.concat(await Promise.all(streams.map((stream) => readFile(stream)))));
      await clip(folder, path.split("/").at(-1)!, `-r 30 -f h264 -i ${both} -c copy`);
    },
    made: plain,
    shows: [
      [0, 0],
      [20, 5 / 30],
    ],
  },
  "odd 9:16.mkv": {
    make: `${picture(0.5, "161x287")} -c:v libx264 -preset ultrafast -qp 6 -pix_fmt yuv444p`,
    made: "160x286 15 30/1",
    pattern: { size: "161x287" },
  },
  "moving.gif": {
    make: picture(1, "160x90", 10),
    made: "160x90 10 10/1",
    pattern: { rate: 10 },
  },
  "moving.png": {
    make: `${picture(1, "160x90", 10)} -f apng -pix_fmt rgb24`,
    made: "160x90 10 10/1",
    pattern: { rate: 10 },
  },
  "cover, subtitles and chapters.mkv": {
    make: async (path) => {
      const cover = await clip(folder, "cover.png", "-f lavfi -i color=red:s=640x640 -frames:v 1");
      const text = join(folder, "text.srt");
      await writeFile(text, "1\n00:00:00,000 --> 00:00:00,900\nHello\n");
      const notes = join(folder, "notes.txt");
      await writeFile(notes, ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\ntitle=One\n");
      const words = `${picture(1)} ${tone(1)} -i ${text} -i ${notes} -map 0 -map 1 -map 2 -map_chapters 3 ${h264} -c:a flac`;
      const cut = "-metadata:s:t mimetype=image/png -metadata:s:t filename=cover.png";
      await clip(folder, path.split("/").at(-1)!, `${words} -attach ${cover} ${cut}`);
    },
    made: plain,
    sound: whole,
  },
  "time code track.mov": {
    make: `${picture(1)} ${tone(1)} ${h264} -timecode 01:00:00:00`,
    made: plain,
    sound: whole,
  },
  "two pixels.mp4": { make: `${picture(0.5, "2x2")} ${h264}`, made: "2x2 15 30/1", shows: [] },
  "a long line.mp4": { make: `${picture(0.3, "16000x16", 10)} ${h264}`, made: "4096x4 3 10/1", shows: [] },
  "red, green, blue.mkv": { make: `${picture(1)} -c:v ffv1 -pix_fmt gbrp`, made: plain },
  "12 bits.mp4": {
    make: `${picture(1)} -c:v libx265 -preset ultrafast -x265-params log-level=none:qp=6 -pix_fmt yuv420p12le`,
    made: plain,
  },
  "Windows.wmv": {
    make: `${picture(1)} ${tone(1)} -c:v wmv2 -q:v 1 -c:a wmav2`,
    made: "160x90 31 30/1",
    // Its encoder begins with 43 ms of silence, which the file does not tell.
    sound: ".#########",
  },
  "Theora.ogv": {
    make: `${picture(1)} ${tone(1)} -c:v libtheora -q:v 10 -c:a libvorbis`,
    made: plain,
    sound: whole,
  },
};

/** Levels of 8 bits, after two lossy encodes, with chroma halved around a pattern's hard edges. */
const tolerance = 4;

for (const [name, odd] of Object.entries(files))
  test(`odd file: ${name}`, async () => {
    const path = join(folder, name);
    await (typeof odd.make === "string" ? clip(folder, name, odd.make) : odd.make(path));
    const out = join(folder, `out ${name}`);
    const { renditions, frameRate, audio } = await transcode(path, { out, policy });
    const [{ width, height, frames, playlist }] = renditions as [(typeof renditions)[number]];
    const rate = frameRate.numerator / frameRate.denominator;
    assert.equal(`${width}x${height} ${frames} ${frameRate.numerator}/${frameRate.denominator}`, odd.made);
    assert.equal(audio && (await heard(join(out, audio.playlist), frames / rate)), odd.sound ?? null);

    const { size, rate: patternRate = 30 } = odd.pattern ?? {};
    const shows = odd.shows ?? [
      [0, 0],
      [frames - 1, (frames - 1) / rate],
    ];
    const made = await small(["-i", join(out, playlist)], "709", frames);
    for (const [frame, second] of shows) {
      const wanted = Math.round(second * patternRate);
      const first = Math.max(0, wanted - 4);
      const near = `${show(size, patternRate)},trim=start_frame=${first}:end_frame=${wanted + 5}`;
      const candidates = await small(["-f", "lavfi", "-i", near], "170m", 9);
      const found = nearest(made[frame]!, candidates);
      const late = (found.index + first - second * patternRate) / patternRate;
      assert.ok(Math.abs(late) <= 1 / rate, `frame ${frame} shows what comes ${late} s after ${second} s`);
      assert.equal(found.turn, odd.turn ?? "none");
      assert.ok(found.off < tolerance, `frame ${frame} differs by ${found.off} levels`);
    }
  });

test("sound that cannot be decoded leaves the video silent, and the manifest names it", async () => {
  const known = await clip(folder, "known.mkv", `${picture(1 / 30)} ${tone(0.1)} ${h264} -c:a ac3`);
  const file = join(folder, "unknown sound.mkv");
  await writeFile(file, (await readFile(known, "latin1")).replace("A_AC3", "A_ZZ3"), "latin1");
  const { audio, source } = await transcode(file, { out: join(folder, "unknown sound"), policy });
  assert.deepEqual([audio, source.audioCodec, source.undecodableSound], [null, null, ["unknown"]]);
});

test("a clock that jumps by an hour: the file says that a frame is shown so long, which is too long", async () => {
  const words = `${picture(1)} -vf setpts=if(lt(N\\,15)\\,PTS\\,PTS+3600/TB) ${h264} -fps_mode passthrough`;
  const file = await clip(folder, "an hour.mkv", words);
  const done = transcode(file, { out: join(folder, "an hour"), policy });
  await assert.rejects(done, { code: "TOO_LONG", final: true });
});

for (const name of [
  `it's "quoted".mp4`,
  "new\nline.mp4",
  "-y.mp4",
  "100%d %s.mp4",
  "a;$(touch x)&|<>*?[]{}~#:\\.mp4",
  "concat:a|b.mp4",
  "caf\u00e9 \u6f22.mp4",
])
  test(`file name: ${JSON.stringify(name)}`, async () => {
    const one = await clip(folder, "one.mp4", `${picture(1 / 30)} ${h264}`);
    const place = await mkdtemp(join(folder, "names-"));
    const file = join(place, name);
    await copyFile(one, file);
    const { renditions } = await transcode(file, { out: join(place, `${name}.out`), policy });
    assert.equal(renditions[0]?.frames, 1);
    assert.deepEqual((await readdir(place)).toSorted(), [name, `${name}.out`].toSorted());
  });

test("a file name that is not UTF-8 is refused with what to do about it", async () => {
  // What Node makes of the Latin-1 name caf\xe9.mp4 on a command line.
  const done = transcode(join(folder, "caf\ufffd.mp4"), { out: join(folder, "latin"), policy });
  await assert.rejects(done, { code: "FILE_NOT_FOUND", message: /not UTF-8, rename it/ });
});

const small = async (input: readonly string[], matrix: string, frames: number) =>
  (await fineFrames(input, { stream: 0, matrix, range: "limited", frames })).map(coarse);

/** Tenths of a second with sound and without. */
async function heard(playlist: string, seconds: number): Promise<string> {
  const { stdout } = await run(
    programOf("ffmpeg"),
    ["-nostdin", "-v", "error", "-i", playlist, "-ac", "1", "-f", "f32le", "-"],
    { encoding: "buffer" },
  );
  const samples = new Float32Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.length));
  return Array.from({ length: Math.round(seconds * 10) }, (_, tenth) => {
    const some = samples.subarray(tenth * 4_800 + 1_200, tenth * 4_800 + 3_600);
    const power = some.reduce((sum, value) => sum + value * value, 0) / some.length;
    return power > 1e-4 ? "#" : ".";
  }).join("");
}
