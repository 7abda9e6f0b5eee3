import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { programOf } from "../../../src/transcode/base/programs.ts";
import { loudnessOf } from "../../../src/transcode/plan/loudness.ts";
import { prepare } from "../../../src/transcode/prepare.ts";
import { transcode } from "../../../src/transcode/transcode.ts";
import { changingSound } from "../changing-sound.ts";
import { clip, policy, scratch } from "../clip.ts";

const run = promisify(execFile);
const folder = await scratch();
const picture = "-f lavfi -i testsrc2=s=160x90:r=30:d=3";
const encoded = "-c:v libx264 -preset ultrafast -shortest";

/** Of what a player hears. */
async function heard(out: string) {
  const { stderr } = await run(programOf("ffmpeg"), [
    ...["-nostdin", "-hide_banner", "-i", join(out, "audio/index.m3u8")],
    ...["-af", "ebur128=peak=true:framelog=48", "-f", "null", "-"],
  ]);
  return loudnessOf(stderr.split("\n"))!;
}

test("sound that changes its channels half-way comes out whole and in its place", async () => {
  const file = await changingSound(folder);
  const { plan } = await prepare(file, { policy });
  assert.deepEqual([plan.audio?.channels, plan.audio?.encoded], ["changing", "apart"]);
  const out = join(folder, "changing");
  const { duration } = await transcode(file, { out, policy });
  assert.ok(Math.abs(duration - 6) < 0.1, `${duration} s`);
  const { integrated } = await heard(out);
  assert.ok(integrated > -22 && integrated < -14, `${integrated} LUFS`);
});

const pink = (decibels: number) => `-f lavfi -i anoisesrc=c=pink:d=3:seed=7:r=48000,volume=${decibels}dB`;
for (const [name, words, expected] of [
  ["quiet mono", `${pink(-8)} ${encoded} -c:a aac -ac 1`, -16],
  ["loud stereo", `${pink(10)} ${encoded} -c:a aac -ac 2`, -16],
  ["surround", `${pink(-10)} ${encoded} -af pan=5.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0 -c:a aac`, -16],
  [
    "a click over murmur: held down",
    `-f lavfi -i aevalsrc=0.02*sin(300*t)+lt(mod(t\\,1)\\,0.0002)*0.9:d=3:s=48000 ${encoded} -c:a pcm_s16le -f mov`,
    null,
  ],
] as const) {
  test(`loudness of the output: ${name}`, async () => {
    const source = await clip(folder, `${name.split(" ")[0]}.mov`, `${picture} ${words}`);
    const out = join(folder, name.split(" ")[0]!);
    await transcode(source, { out, policy });
    const { integrated, truePeak } = await heard(out);
    if (expected !== null) assert.ok(Math.abs(integrated - expected) < 1, `${integrated} LUFS`);
    assert.ok(truePeak <= -1, `${truePeak} dBTP`);
  });
}
