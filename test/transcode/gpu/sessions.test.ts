import assert from "node:assert/strict";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Gpu } from "../../../src/transcode/gpu/gpu.ts";
import { gpuCapabilities } from "../../../src/transcode/gpu/gpu-capabilities.ts";
import { trialSessions } from "../../../src/transcode/gpu/gpu-trial.ts";
import { transcode } from "../../../src/transcode/transcode.ts";
import { clip, pattern, policy, scratch } from "../clip.ts";
import { fakeGpu, holdSessions, withFakeGpu } from "../fake-gpu.ts";

const folder = await scratch();
const bt709 = "-color_range tv -colorspace bt709 -color_primaries bt709 -color_trc bt709";
const encode = `-c:v libx264 -preset ultrafast -pix_fmt yuv420p ${bt709}`;

/** Does something on a machine whose driver allows so many sessions. */
async function withSessions<Result>(
  name: string,
  sessions: number | null,
  work: (place: string, programs: string) => Promise<Result>,
): Promise<Result> {
  const place = join(folder, name);
  await mkdir(place);
  const programs = await fakeGpu(place, { gop: null, sessions });
  return await withFakeGpu(programs, () => work(place, programs));
}

for (const [limit, found] of [
  [1, 1],
  [3, 3],
  [8, 8],
  [null, 16],
] as const)
  test(`a driver that allows ${limit ?? "any number of"} sessions: ${found} are found`, async () => {
    const tried = () => trialSessions("h264", 0, { max: 16 });
    assert.equal(await withSessions(`limit ${limit}`, limit, tried), found);
  });

test("an encode that meets the limit goes on without NVENC, and says why; the card is not blamed", async () => {
  await withSessions("met", 3, async (place, programs) => {
    const file = await clip(folder, "met.mp4", pattern("320x180", 1, encode));
    const state = join(place, "state");
    const made = (name: string) =>
      transcode(file, { out: join(place, name), policy: { ...policy, gpuState: state } });
    const before = await made("before");
    assert.deepEqual([before.encoder.path, before.encoder.fallbacks], ["nvdec+nvenc", []]);
    await holdSessions(programs, 2);
    const { encoder } = await made("after");
    assert.deepEqual(encoder, {
      name: "libx264",
      path: "nvdec",
      fallbacks: [
        {
          from: "nvdec+nvenc",
          reason:
            "SESSION_LIMIT: the driver allows no more encoder sessions at a time (OpenEncodeSessionEx failed: out of memory (10): (no details))",
        },
      ],
    });
    assert.deepEqual(await readdir(state), ["capabilities.json"]);
  });
});

test("parts of a video share the sessions: as many at a time as there is room for", async () => {
  await withSessions("parts", 3, async (place) => {
    const file = await clip(folder, "parts.mp4", pattern("320x180", 5, encode));
    const { encoder, renditions } = await transcode(file, {
      out: join(place, "out"),
      policy: {
        ...policy,
        ...{ partsAbove: 1, partSeconds: 2, partsAtOnce: 3, partsFolder: join(place, "parts") },
        gpuState: join(place, "state"),
      },
    });
    assert.deepEqual([encoder.path, encoder.fallbacks, renditions.length], ["nvdec+nvenc", [], 2]);
  });
});

test("a GPU whose sessions others hold during the trials is tried again, and not written off", async () => {
  await withSessions("busy", 2, async (place, programs) => {
    const gpu: Gpu = {
      ...{ index: 0, device: 0, uuid: "GPU-fake", name: "A card in memory", driver: "1.0" },
      ...{ memory: 1, freeMemory: 1 },
    };
    const found = () => gpuCapabilities(gpu, { folder: join(place, "state") });
    await holdSessions(programs, 2);
    const busy = await found();
    assert.ok(!busy.encoders.h264.works && busy.encoders.h264.reason.startsWith("SESSION_LIMIT"));
    await holdSessions(programs, 0);
    const free = await found();
    assert.deepEqual([free.encoders.h264.works, free.sessions], [true, 2]);
  });
});
