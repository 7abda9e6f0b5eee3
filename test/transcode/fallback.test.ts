import assert from "node:assert/strict";
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { discoverGpus } from "../../src/transcode/gpu/gpu.ts";
import { trialNvenc } from "../../src/transcode/gpu/gpu-trial.ts";
import { transcode } from "../../src/transcode/transcode.ts";
import { clip, pattern, policy, scratch } from "./clip.ts";
import { fakeGpu, withFakeGpu } from "./fake-gpu.ts";

const folder = await scratch();
const hasGpu = (await discoverGpus()).gpus.length > 0;
const skip = hasGpu && "this machine has a GPU";
const bt709 = "-color_range tv -colorspace bt709 -color_primaries bt709 -color_trc bt709";
const encode = `-c:v libx264 -preset ultrafast -pix_fmt yuv420p ${bt709}`;
const video = () => clip(folder, "clip.mp4", pattern("320x180", 1, encode));

test("without a GPU the real NVENC command fails at loading CUDA, and the manifest says so", {
  skip,
}, async () => {
  const out = join(folder, "forced");
  const manifest = await transcode(await video(), {
    out,
    policy: { ...policy, acceleration: "nvenc" },
  });
  const { encoder } = manifest;
  assert.deepEqual([encoder.name, encoder.path], ["libx264", "software"]);
  assert.deepEqual(
    encoder.fallbacks.map(({ from }) => from),
    ["nvdec+nvenc"],
  );
  assert.match(encoder.fallbacks[0]!.reason, /^CUDA_LIBRARY_MISSING: .*\(Cannot load libcuda\.so\.1\)$/);
  assert.equal(manifest.renditions[0]!.frames, 30);
});

test("without a GPU nothing is tried unless it is asked for", { skip }, async () => {
  const manifest = await transcode(await video(), { out: join(folder, "auto"), policy });
  assert.deepEqual(manifest.encoder, { name: "libx264", path: "software", fallbacks: [] });
});

test("without a GPU a trial of NVENC fails at loading CUDA", { skip }, async () => {
  const trial = await trialNvenc("h264", 0);
  assert.ok(!trial.works);
  assert.match(trial.reason, /^CUDA_LIBRARY_MISSING/);
});

test("a GPU that cannot encode is tried once for a driver, and the manifest gives the reason", {
  skip,
}, async () => {
  const state = join(folder, "state");
  const program = join(folder, "nvidia-smi");
  await writeFile(program, "#!/bin/sh\necho '0, GPU-test, Test card, 1.0, 1000, 900'\n");
  await chmod(program, 0o755);
  const path = process.env.PATH;
  try {
    process.env.PATH = `${folder}:${path}`;
    const options = { policy: { ...policy, gpuState: state } };
    const first = await transcode(await video(), { out: join(folder, "tried"), ...options });
    assert.deepEqual(
      first.encoder.fallbacks.map(({ from, reason }) => [from, /CUDA_LIBRARY_MISSING/.test(reason)]),
      [
        ["nvdec+nvenc", true],
        ["nvenc", true],
        ["nvdec", true],
      ],
    );
  } finally {
    process.env.PATH = path;
  }
});

test("a card that writes broken output: one step down at a time, the reason in the manifest, and it is blamed", async () => {
  const place = join(folder, "broken card");
  await mkdir(place);
  const state = join(place, "state");
  const programs = await fakeGpu(place, { gop: 7 });
  const file = await video();
  const out = join(place, "results", "out");
  const manifest = await withFakeGpu(programs, () =>
    transcode(file, { out, policy: { ...policy, gpuState: state } }),
  );
  const reason = "OUTPUT_INVALID: 180p/index.m3u8: frame 7 should not be a keyframe";
  assert.deepEqual(manifest.encoder, {
    name: "libx264",
    path: "nvdec",
    fallbacks: [
      { from: "nvdec+nvenc", reason },
      { from: "nvenc", reason },
    ],
  });
  const breakers = JSON.parse(await readFile(join(state, "breakers.json"), "utf8"));
  assert.deepEqual(breakers, { "GPU-fake": { state: "closed", failures: 1 } });
  assert.deepEqual(await readdir(join(place, "results")), ["out"]);
});

test("a card that works is used, and nothing is held against it", async () => {
  const place = join(folder, "working card");
  await mkdir(place);
  const programs = await fakeGpu(place, { gop: null });
  // Long enough for a segment of two groups, since NVENC repeats one distance of keyframes.
  const file = await clip(folder, "longer.mp4", pattern("320x180", 5, encode));
  const manifest = await withFakeGpu(programs, () =>
    transcode(file, {
      out: join(place, "out"),
      policy: {
        ...policy,
        codecs: ["h264", "hevc"],
        verification: "keyframes",
        gpuState: join(place, "state"),
      },
    }),
  );
  assert.deepEqual(manifest.encoder, { name: "h264_nvenc+hevc_nvenc", path: "nvdec+nvenc", fallbacks: [] });
  assert.deepEqual(await readdir(join(place, "state")), ["capabilities.json"]);
});
