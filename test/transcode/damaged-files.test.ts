import assert from "node:assert/strict";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { RejectionError } from "../../src/transcode/base/rejection.ts";
import { limitsOf, TranscodeSettings } from "../../src/transcode/base/settings.ts";
import { probe } from "../../src/transcode/probe/probe.ts";
import { screen } from "../../src/transcode/probe/screen.ts";
import { transcode } from "../../src/transcode/transcode.ts";
import { clip, policy, scratch } from "./clip.ts";
import { damages, seeded } from "./damage.ts";
import { ffmpegsNaming } from "./running.ts";

const limits = limitsOf(TranscodeSettings.parse({}));
const folder = await scratch();
/** Whoever wants a temporary file gets it here, where it is seen when it stays. */
const temporary = join(folder, "temporary");
await mkdir(temporary);
process.env.TMPDIR = temporary;
const [sources, results] = [join(folder, "sources"), join(folder, "results")];
await mkdir(sources);
await mkdir(results);

const picture = "-f lavfi -i testsrc2=s=160x90:r=25:d=1";
const both = `${picture} -f lavfi -i sine=d=1`;
const x264 = "-c:v libx264 -preset ultrafast -bf 2";
/** Container, codec and size in which a phone or a program might send a clip. */
const clips = {
  "h264.mp4": `${both} ${x264}`,
  "480p.mp4": `-f lavfi -i testsrc2=s=854x480:r=25:d=0.4 -f lavfi -i sine=d=0.4 ${x264} -movflags +faststart`,
  "fragments.mp4": `${both} ${x264} -g 10 -movflags +frag_keyframe+empty_moov`,
  "hevc.mov": `${both} -c:v libx265 -preset ultrafast -x265-params log-level=error -tag:v hvc1 -c:a pcm_s16le`,
  "vp9.webm": `${both} -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus`,
  "av1.mkv": `${both} -c:v libsvtav1 -preset 12 -c:a libopus`,
  "vp8.mkv": `${both} -c:v libvpx -deadline realtime -c:a libvorbis`,
  "broadcast.ts": `${both} ${x264} -g 10`,
  "mpeg4.avi": `${both} -c:v mpeg4 -c:a mp3`,
  "mpeg2.mpg": `${both} -c:v mpeg2video -c:a mp2`,
  "mpeg.flv": `${both} -c:v flv -c:a mp3 -ar 44100`,
  "silent.mp4": `${picture} ${x264} -movflags +faststart`,
} as const;

/**
 * 150 variants, drawn by a seed; a nightly run draws 1,000 of them and encodes all that are taken. Few are encoded here:
 * what reads a file first is what damage hurts most, and an encode costs twenty times as much.
 */
const count = Number(process.env.KILN_TEST_VARIANTS ?? 150);
const seed = Number(process.env.KILN_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
const encodeEvery = count > 150 ? 1 : 25;
console.log(`damaged files: KILN_TEST_SEED=${seed} repeats these ${count}`);

const kinds = Object.keys(damages) as (keyof typeof damages)[];
const names = Object.keys(clips) as (keyof typeof clips)[];
const variants = Array.from({ length: count }, (_, index) => {
  const random = seeded(seed + index);
  const one = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!;
  return { index, name: one(names), kind: one(kinds), random };
});
/** Of every variant: `taken`, or the code of its refusal. */
const outcomes: string[] = [];
/** A reader that was stopped for its bounds is no fault, but all of them would be. */
const stopped: string[] = [];
const reading = { seconds: 300, secondOpinionSeconds: 3, memoryBytes: 512 * 1024 ** 2 };

/** Every source is made once, whichever of its variants comes first. */
const made = new Map<string, Promise<Buffer>>();
function original(name: string, words: string): Promise<Buffer> {
  const making = made.get(name) ?? clip(sources, name, words).then((path) => readFile(path));
  made.set(name, making);
  return making;
}

/** What becomes of a file: probed and screened, and encoded if it is its turn. */
async function outcome(file: string, out: string, encoded: boolean): Promise<string> {
  try {
    const { video } = screen(await probe(file, { reading }), limits);
    if (/^the process for the second opinion/.test(video.secondOpinionMissing ?? ""))
      stopped.push(`${file}: ${video.secondOpinionMissing}`);
    if (encoded) await transcode(file, { out, policy: { ...policy, ladder: [90], reading } });
    return encoded ? "encoded" : "taken";
  } catch (error) {
    assert.ok(error instanceof RejectionError, `no typed rejection: ${error}`);
    assert.equal(error.final, true, `${error.code} would be tried again for ever`);
    return error.code;
  }
}

describe("damaged files", { concurrency: Math.max(2, availableParallelism()) }, () => {
  for (const { index, name, kind, random } of variants)
    test(`${name}, ${kind} (${index} of seed ${seed}): a verified output or a typed rejection, and nothing else`, async () => {
      const content = await original(name, clips[name]);
      const file = join(sources, `${index}-${name}`);
      await writeFile(file, damages[kind](content, random));
      // A folder of its own, so that whatever else is left in it is seen.
      const parent = join(results, `${index}`);
      await mkdir(parent);
      const found = await outcome(file, join(parent, "out"), index % encodeEvery === 0);
      outcomes.push(found);
      assert.deepEqual(await readdir(parent), found === "encoded" ? ["out"] : []);
      await rm(parent, { recursive: true });
      await rm(file);
    });
});

test("damaged files: none hung, none left a process or a temporary file, and the damage was neither all nor nothing", async () => {
  assert.equal(outcomes.length, variants.length);
  assert.deepEqual(await readdir(temporary), []);
  assert.deepEqual(await ffmpegsNaming(folder), []);
  const share = outcomes.filter((found) => found === "taken" || found === "encoded").length / outcomes.length;
  assert.ok(share > 0.1 && share < 0.9, `${share} were taken`);
  assert.ok(stopped.length < variants.length / 2, stopped.join("\n"));
});
