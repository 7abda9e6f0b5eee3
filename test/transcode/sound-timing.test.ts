import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { programOf } from "../../src/transcode/base/programs.ts";
import { transcode } from "../../src/transcode/transcode.ts";
import { clip, policy, scratch } from "./clip.ts";

const run = promisify(execFile);
const folder = await scratch();
const rate = 48_000;
const frame = 1024;

/** Mono samples of a file. */
async function samples(...input: readonly string[]): Promise<Float32Array> {
  const { stdout } = await run(
    programOf("ffmpeg"),
    ["-nostdin", "-v", "error", ...input, "-ac", "1", "-ar", `${rate}`, "-f", "f32le", "-"],
    { encoding: "buffer", maxBuffer: 2 ** 26 },
  );
  return new Float32Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.length));
}

/** Noise, so that no other shift of it looks like it. */
const noise = (seconds: number) =>
  `anoisesrc=d=${seconds}:seed=7:r=${rate}:a=0.4,aformat=channel_layouts=stereo`;

/** Samples by which `heard` comes later than the noise that starts at `start`; found by correlation. */
function delay(heard: Float32Array, sound: Float32Array, start: number): number {
  const looked = Math.min(12_000, heard.length - start - 2_400);
  const likeness = (shift: number) => {
    let sum = 0;
    // The first packet sounds faint: nothing before it overlaps with it.
    for (let at = 1_500; at < looked; at += 3) sum += (heard[start + shift + at] ?? 0) * sound[at]!;
    return sum;
  };
  let best = 0;
  for (let shift = -Math.min(start, 2_400); shift <= 2_400; shift++)
    if (likeness(shift) > likeness(best)) best = shift;
  return best;
}

const loudest = (some: Float32Array) => some.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** A second of picture with sound from `start` for `lasts` seconds. */
const words = (start: number, lasts: number, options: string) =>
  `-f lavfi -i testsrc2=s=160x90:r=30:d=1 -f lavfi -i ${noise(lasts)} -filter_complex [1]asetpts=PTS+${start}/TB[a] -map 0 -map [a] -c:v libx264 -preset ultrafast ${options}`;

for (const [name, start, lasts, options] of [
  ["late.mkv", 0.4, 0.5, "-c:a pcm_s16le"],
  ["late.mov", 0.4, 0.5, "-c:a pcm_s16le"],
  ["late.mp4", 0.4, 0.5, "-c:a aac -b:a 256k"],
  ["late.ts", 0.4, 0.5, "-c:a ac3 -b:a 256k"],
  ["shorter.mp4", 0, 0.5, "-c:a aac -b:a 256k"],
  ["as long.mkv", 0, 1, "-c:a flac"],
  ["longer.mov", 0, 2.5, "-c:a pcm_s16le"],
  ["late and longer.mkv", 0.25, 2.5, "-c:a flac"],
] as const)
  test(`sound in its place, ending with the picture: ${name}`, async () => {
    const file = await clip(folder, name, words(start, lasts, options));
    const out = join(folder, `out ${name}`);
    const { audio, duration } = await transcode(file, { out, policy: { ...policy, ladder: [90] } });
    const heard = await samples("-i", join(out, audio!.playlist));
    const sound = await samples("-f", "lavfi", "-i", noise(lasts));
    const first = Math.round(start * rate);
    const [most, over] = [loudest(heard), heard.length - duration * rate];
    assert.ok(over >= 0 && over < frame, `${over} samples over the end of the picture`);
    assert.ok(
      Math.abs(delay(heard, sound, first)) <= rate / 1000,
      `${delay(heard, sound, first)} samples late`,
    );
    // An encoder's window smears a beginning over the packet before it.
    const before = heard.subarray(0, Math.max(0, first - 2 * frame));
    const after = heard.subarray(Math.round(Math.min(duration, start + lasts) * rate) + 2 * frame);
    assert.ok(loudest(before) < most / 1000, `${loudest(before)} before the sound`);
    assert.ok(loudest(after) < most / 1000, `${loudest(after)} after it`);
  });

test("no sound, and sound that begins after the picture's end, which is held for it", async () => {
  const silent = await clip(folder, "silent.mp4", "-f lavfi -i testsrc2=s=160x90:r=30:d=1");
  const { audio } = await transcode(silent, { out: join(folder, "silent"), policy });
  assert.equal(audio, null);
  const file = await clip(folder, "after.mkv", words(1.5, 0.5, "-c:a pcm_s16le"));
  const out = join(folder, "after");
  const after = await transcode(file, { out, policy: { ...policy, ladder: [90] } });
  const heard = await samples("-i", join(out, after.audio!.playlist));
  assert.equal(after.duration, 2);
  assert.equal(loudest(heard.subarray(0, 1.4 * rate)), 0);
  assert.ok(loudest(heard.subarray(1.5 * rate)) > 0);
});
