import assert from "node:assert/strict";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { RejectionError } from "../../src/transcode/base/rejection.ts";
import { transcode } from "../../src/transcode/transcode.ts";
import { clip, policy, scratch } from "./clip.ts";
import { damages, seeded } from "./damage.ts";
import { ffmpegsNaming } from "./running.ts";

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

/** Times that every kind of damage is done to every clip. */
const rounds = 3;
const kinds = Object.keys(damages) as (keyof typeof damages)[];
const variants = Object.entries(clips).flatMap(([name, words], source) =>
  kinds.flatMap((kind, at) =>
    Array.from({ length: rounds }, (_, round) => ({
      name,
      words,
      kind,
      seed: (source * kinds.length + at) * rounds + round,
    })),
  ),
);
/** Of every variant: `taken`, `taken, damaged`, or the code of its rejection. */
const outcomes: string[] = [];

/** Every source is made once, whichever of its variants comes first. */
const made = new Map<string, Promise<Buffer>>();
function original(name: string, words: string): Promise<Buffer> {
  const making = made.get(name) ?? clip(sources, name, words).then((path) => readFile(path));
  made.set(name, making);
  return making;
}

async function outcome(file: string, out: string): Promise<string> {
  try {
    const { source } = await transcode(file, { out, policy: { ...policy, ladder: [90] } });
    return source.damage === null ? "taken" : "taken, damaged";
  } catch (error) {
    assert.ok(error instanceof RejectionError, `no typed rejection: ${error}`);
    assert.equal(error.final, true, `${error.code} would be tried again for ever`);
    return error.code;
  }
}

describe("damaged files", { concurrency: Math.max(2, availableParallelism()) }, () => {
  for (const { name, words, kind, seed } of variants)
    test(`${name}, ${kind} (seed ${seed}): a verified output or a typed rejection, and nothing else`, async () => {
      const content = await original(name, words);
      const file = join(sources, `${seed}-${name}`);
      await writeFile(file, damages[kind](content, seeded(seed)));
      // A folder of its own, so that whatever else is left in it is seen.
      const parent = join(results, `${seed}`);
      await mkdir(parent);
      const found = await outcome(file, join(parent, "out"));
      outcomes.push(found);
      assert.deepEqual(await readdir(parent), found.startsWith("taken") ? ["out"] : []);
      await rm(parent, { recursive: true });
      await rm(file);
    });
});

test("damaged files: none hung, none left a process or a temporary file, and the damage was neither all nor nothing", async () => {
  assert.equal(outcomes.length, variants.length);
  assert.deepEqual(await readdir(temporary), []);
  assert.deepEqual(await ffmpegsNaming(folder), []);
  const share = (holds: (outcome: string) => boolean) => outcomes.filter(holds).length / outcomes.length;
  const shares = {
    taken: share((outcome) => outcome === "taken"),
    damaged: share((outcome) => outcome === "taken, damaged"),
    refused: share((outcome) => !outcome.startsWith("taken")),
  };
  for (const [name, value] of Object.entries(shares)) assert.ok(value > 0.1, `${name}: ${value}`);
});
