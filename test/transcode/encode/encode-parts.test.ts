import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { programOf } from "../../../src/transcode/base/programs.ts";
import type { Policy } from "../../../src/transcode/base/settings.ts";
import { dropParts, encodeParts } from "../../../src/transcode/encode/encode-parts.ts";
import type { Manifest } from "../../../src/transcode/manifest.ts";
import { packageTrack } from "../../../src/transcode/package/package.ts";
import { prepare } from "../../../src/transcode/prepare.ts";
import { transcode } from "../../../src/transcode/transcode.ts";
import { readBack } from "../../../src/transcode/verify/read-back.ts";
import { clip, pattern, policy, scratch } from "../clip.ts";
import { ffmpegsNaming, isFfmpeg } from "../running.ts";

const run = promisify(execFile);
const folder = await scratch();
const long = await clip(folder, "long.mp4", pattern("320x180", 11, "-c:v libx264 -preset ultrafast -bf 3"));
const parts = { ...policy, partsAbove: 1, partSeconds: 4, partsFolder: join(folder, "parts") } as const;

/** Shown frames of a finished rendition: their times, in order. */
async function times(out: string, playlist: string): Promise<number[]> {
  const [track] = await readBack(join(out, playlist), undefined);
  return track!.packets.map(({ time }) => time).toSorted((one, other) => one - other);
}

/** How like two renditions are: SSIM of the luma, 0 to 1, mean of all frames; a shift by one frame gives .87 here. */
async function likeness(one: string, other: string): Promise<number> {
  const words = ["-nostdin", "-hide_banner", "-i", one, "-i", other, "-lavfi", "ssim", "-f", "null", "-"];
  const { stderr } = await run(programOf("ffmpeg"), words);
  return Number(/SSIM Y:([\d.]+)/.exec(stderr)?.[1]);
}

test("parts: the joined video is the undivided one, in one MP4, too; nothing stays behind", async () => {
  const codecs = ["h264", "hevc", "av1"] as const;
  const both = { ladder: [120], codecs, profile: "fast", mp4: "on" } as const;
  const made = (name: string, chosen: Partial<Policy>) =>
    transcode(long, { out: join(folder, name), policy: { ...chosen, ...both } });
  const seen: number[] = [];
  const whole = await made("whole", policy);
  const joined = await transcode(long, {
    out: join(folder, "joined"),
    policy: { ...parts, ...both },
    onProgress: ({ stage, fraction }) => stage === "encode" && seen.push(fraction),
  });
  const described = ({ renditions, audio, segments, duration, posterTime }: Manifest) => ({
    ...{ audio, segments, duration, posterTime },
    renditions: renditions.map(({ name, frames, codecs: codec }) => [name, frames, codec]),
  });
  assert.deepEqual(described(joined), described(whole));
  // The frames of the pictures are the same, and so are these, and the sound.
  const same = (manifest: Manifest) =>
    manifest.files.filter(({ path }) => /^(poster|storyboard|preview|audio)/.test(path));
  assert.deepEqual(same(joined), same(whole));
  for (const { playlist } of whole.renditions) {
    assert.deepEqual(
      await times(join(folder, "joined"), playlist),
      await times(join(folder, "whole"), playlist),
    );
    const alike = await likeness(join(folder, "joined", playlist), join(folder, "whole", playlist));
    assert.ok(alike > 0.94, `${playlist}: SSIM ${alike}`);
  }
  assert.deepEqual(
    seen,
    seen.toSorted((one, other) => one - other),
  );
  assert.deepEqual(await readdir(parts.partsFolder), []);
});

test("parts: what was finished before a stop is not encoded again", async () => {
  const stop = new AbortController();
  const out = join(folder, "stopped");
  const one = { ...parts, partsAtOnce: 1 };
  const stopped = transcode(long, {
    out,
    policy: one,
    signal: stop.signal,
    // A third of the frames is the first part; it has been put away when the second one shows progress.
    onProgress: ({ stage, fraction }) =>
      stage === "encode" && fraction > 0.4 && stop.abort(new Error("enough")),
  });
  await assert.rejects(stopped, /enough/);
  const [kept, ...others] = await readdir(parts.partsFolder);
  assert.deepEqual([others.length, existsSync(out)], [0, false]);
  const finished = await stat(join(parts.partsFolder, kept!, "180p.mp4"));
  const seen: number[] = [];
  let again: number | undefined;
  const manifest = await transcode(long, {
    out,
    policy: one,
    onProgress: ({ stage, fraction }) => {
      if (stage !== "encode" || fraction === 0) return;
      seen.push(fraction);
      again ??= statSync(join(parts.partsFolder, kept!, "180p.mp4")).ino;
    },
  });
  assert.equal(manifest.renditions[0]!.frames, 330);
  assert.ok(seen[0]! > 0.3, `began at ${seen[0]}`);
  assert.equal(again, finished.ino);
  assert.deepEqual(await readdir(parts.partsFolder), []);
});

test("parts: one that is killed stops the others, and nothing is left of them", async () => {
  const out = join(folder, "killed");
  let victim: Promise<void> | undefined;
  const failed = transcode(long, {
    out,
    policy: { ...parts, preset: "veryslow", partsAtOnce: 3 },
    onProgress: ({ stage }) => {
      if (stage === "encode") victim ??= killOne();
    },
  });
  await assert.rejects(failed, { code: "ENCODE_FAILED", final: false });
  await victim;
  assert.deepEqual(await ffmpegsNaming(parts.partsFolder), []);
  assert.equal(existsSync(out), false);
  const left = await readdir(parts.partsFolder);
  assert.deepEqual(
    left.filter((name) => name.startsWith(".")),
    [],
  );
  await rm(parts.partsFolder, { recursive: true });
});

async function killOne(): Promise<void> {
  for (;;) {
    const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
    for (const id of ids) {
      const line = await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "");
      if (isFfmpeg(line) && line.includes(parts.partsFolder)) return void process.kill(Number(id), "SIGKILL");
    }
    await setTimeout(20);
  }
}

test("parts: other decoder configurations are a failure, not a broken video", async () => {
  const files = await Promise.all(
    ["1", "3"].map((references) =>
      clip(
        folder,
        `${references}-references.mp4`,
        `-f lavfi -i testsrc2=s=160x90:r=30:d=1 -c:v libx264 -preset ultrafast -refs ${references} -g 30 -movflags +frag_keyframe+delay_moov+default_base_moof`,
      ),
    ),
  );
  const source = {
    name: "90p",
    kind: "video",
    parts: files.map((file, index) => ({ file, start: index * 30 })),
    framesPerSecond: 30,
    segments: { segment: 30, group: 30, short: 0 },
    endSeconds: 2,
  } as const;
  await assert.rejects(packageTrack(source, { out: folder }), { code: "PARTS_DIFFER", final: true });
  const equal = { ...source, parts: [source.parts[0]!, { file: files[0]!, start: 30 }] };
  const { packets, segments } = await packageTrack(equal, { out: folder });
  assert.deepEqual([packets, segments.map(({ seconds }) => seconds)], [60, [1, 1]]);
});

test("parts: a source that ends before its last parts loses these alone", async () => {
  const { plan, policy: chosen } = await prepare(long, { policy: parts });
  const promised = {
    ...plan,
    frames: 540,
    parts: [...plan.parts.slice(0, -1), { start: 240, frames: 120 }, { start: 360, frames: 180 }],
  };
  const options = { policy: chosen, sha256: "0".repeat(64), signal: undefined, onFrames: () => {} };
  const { folders, report } = await encodeParts(promised, { name: "software" }, options);
  assert.deepEqual([folders.length, report.frames], [3, 330]);
  await dropParts(folders);
});
