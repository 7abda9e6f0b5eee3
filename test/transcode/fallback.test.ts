import assert from "node:assert/strict";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { discoverGpus } from "../../src/transcode/gpu.ts";
import { trialNvenc } from "../../src/transcode/gpu-trial.ts";
import { transcode } from "../../src/transcode/transcode.ts";
import { clip, pattern, policy, scratch } from "./clip.ts";

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
