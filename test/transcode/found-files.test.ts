import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { programOf } from "../../src/transcode/base/programs.ts";
import type { Manifest } from "../../src/transcode/manifest.ts";
import { transcode } from "../../src/transcode/transcode.ts";
import { policy, scratch } from "./clip.ts";

const run = promisify(execFile);
const media = process.env.KILN_TEST_MEDIA;
const skip = media ? false : "KILN_TEST_MEDIA names no folder of videos";
const folder = await scratch();

/** Small files that once failed: what each must become, or why it is refused. */
const outcomes: Record<string, string | ((manifest: Manifest, out: string) => unknown)> = {
  "audio_longer.mp4": ({ duration, renditions, source }) => {
    assert.equal(duration, 6);
    assert.equal(renditions[0]!.frames, 180);
    assert.equal(source.damage, null);
  },
  "screenrec.mp4": ({ duration }) => assert.ok(Math.abs(duration - 8) < 0.05, `${duration} s`),
  "cat_ts.ts": ({ duration, renditions, source }) => {
    assert.equal(renditions[0]!.frames, 180);
    assert.equal(duration, 6);
    assert.equal(source.damage, null);
  },
  "ts_other_audio_earlier.ts": ({ renditions, source }) => {
    assert.ok(Math.abs(renditions[0]!.frames - 121) <= 1, `${renditions[0]!.frames} frames`);
    assert.equal(source.damage, null);
  },
  "twoaudio.mp4": async ({ audio }, out) => {
    const high = await volume(join(out, audio!.playlist), "highpass=f=1000,highpass=f=1000");
    const low = await volume(join(out, audio!.playlist), "lowpass=f=800,lowpass=f=800");
    assert.ok(high > low + 10, `${high} dB above 1 kHz, ${low} dB below`);
  },
};

for (const [name, expected] of Object.entries(outcomes))
  test(`found file: ${name}`, { skip }, async () => {
    const out = join(folder, name);
    const done = transcode(join(media!, "found", name), { out, policy: { ...policy, ladder: [120] } });
    if (typeof expected === "string") await assert.rejects(done, { code: expected, final: true });
    else await expected(await done, out);
  });

/** Mean level of a sound after a filter, in dB. */
async function volume(playlist: string, filter: string): Promise<number> {
  const words = ["-hide_banner", "-nostdin", "-i", playlist, "-af", `${filter},volumedetect`];
  const { stderr } = await run(programOf("ffmpeg"), [...words, "-f", "null", "-"]);
  return Number(/mean_volume: (-?[\d.]+) dB/.exec(stderr)?.[1]);
}
