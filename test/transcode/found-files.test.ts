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
  "turn.mkv": async ({ renditions, source }, out) => {
    const { width, height, frames, playlist } = renditions[0]!;
    // Its clock in milliseconds makes 30 frames last 0.99 s.
    assert.ok(frames >= 88, `${frames} frames`);
    assert.equal(source.damage, null);
    assert.equal(`${width}x${height}`, "214x120");
    const [first, last] = [await bars(join(out, playlist), 10), await bars(join(out, playlist), 80)];
    // Half of the time lying, half of it upright: 120 lines of 9:16 are 67 columns wide.
    assert.deepEqual(first, { left: 0, right: 0 });
    assert.ok(Math.abs(last.left - 73) <= 3 && Math.abs(last.right - 73) <= 3, JSON.stringify(last));
  },
  "sample_mdat_too_long.mp4": ({ renditions, source }) => {
    assert.equal(renditions[0]!.frames, 30);
    assert.equal(source.damage, null);
  },
  "scr1080x2400.mp4": ({ renditions }) => {
    assert.equal(renditions[0]!.name, "1080p");
    for (const { codecs } of renditions) {
      const level = Number.parseInt(/^avc1\.....(..)/.exec(codecs)![1]!, 16);
      assert.ok(level <= 42, `${codecs} is level ${level / 10}`);
    }
  },
  "zeromatrix.mp4": async ({ renditions, source }) => {
    assert.equal(source.rotation, 0);
    assert.deepEqual([source.width, source.height], [320, 180]);
    assert.ok(renditions[0]!.width > renditions[0]!.height);
  },
  "sample_fragmented_clearkey.mp4": "ENCRYPTED",
  "twoaudio.mp4": async ({ audio }, out) => {
    const high = await volume(join(out, audio!.playlist), "highpass=f=1000,highpass=f=1000");
    const low = await volume(join(out, audio!.playlist), "lowpass=f=800,lowpass=f=800");
    assert.ok(high > low + 10, `${high} dB above 1 kHz, ${low} dB below`);
  },
};

const ladders: Record<string, number[]> = { "scr1080x2400.mp4": [1080] };

for (const [name, expected] of Object.entries(outcomes))
  test(`found file: ${name}`, { skip }, async () => {
    const out = join(folder, name);
    const done = transcode(join(media!, "found", name), {
      out,
      policy: { ...policy, ladder: ladders[name] ?? [120] },
    });
    if (typeof expected === "string") await assert.rejects(done, { code: expected, final: true });
    else await expected(await done, out);
  });

/** Black columns at both sides of a frame. */
async function bars(playlist: string, frame: number): Promise<{ left: number; right: number }> {
  const { stdout } = await run(
    programOf("ffmpeg"),
    [
      ...["-v", "error", "-i", playlist, "-vf", `select=eq(n\\,${frame}),format=gray,scale=iw:1:flags=area`],
      ...["-frames:v", "1", "-f", "rawvideo", "-"],
    ],
    { encoding: "buffer" },
  );
  const columns = [...stdout].map((level) => level > 24);
  return { left: columns.indexOf(true), right: columns.length - 1 - columns.lastIndexOf(true) };
}

/** Mean level of a sound after a filter, in dB. */
async function volume(playlist: string, filter: string): Promise<number> {
  const words = ["-hide_banner", "-nostdin", "-i", playlist, "-af", `${filter},volumedetect`];
  const { stderr } = await run(programOf("ffmpeg"), [...words, "-f", "null", "-"]);
  return Number(/mean_volume: (-?[\d.]+) dB/.exec(stderr)?.[1]);
}
