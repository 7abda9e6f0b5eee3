import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { recordOutcome } from "../../../src/transcode/gpu/acceleration.ts";
import type { Gpu } from "../../../src/transcode/gpu/gpu.ts";
import { assumed, gpuCapabilities } from "../../../src/transcode/gpu/gpu-capabilities.ts";
import { scratch } from "../clip.ts";

const folder = await scratch();
/** Its number for CUDA is one that no machine has: every trial fails. */
const gpu: Gpu = {
  index: 99,
  device: 99,
  uuid: "GPU-test",
  name: "Test",
  driver: "1.0",
  memory: 1,
  freeMemory: 1,
};
const file = join(folder, "capabilities.json");

test("capabilities: tried once, then remembered until driver or ffmpeg change", async () => {
  const tried = await gpuCapabilities(gpu, { folder });
  assert.ok(!tried.nvdec.works && !tried.encoders.h264.works && !tried.encoders.av1.works);
  assert.equal(tried.sessions, 0);
  const [key] = Object.keys(JSON.parse(await readFile(file, "utf8")));
  assert.match(key!, /^GPU-test driver 1\.0 ffmpeg \S+$/);

  await writeFile(file, JSON.stringify({ [key!]: assumed }));
  assert.deepEqual(await gpuCapabilities(gpu, { folder }), assumed);

  assert.deepEqual(await gpuCapabilities({ ...gpu, driver: "2.0" }, { folder }), tried);
  assert.deepEqual(Object.keys(JSON.parse(await readFile(file, "utf8"))), [key!.replace("1.0", "2.0")]);
});

test("capabilities: a memory of another form counts as none; one that cannot be kept is said", async () => {
  await writeFile(file, JSON.stringify({ "GPU-test driver 1.0": { nvdec: true } }));
  assert.equal((await gpuCapabilities(gpu, { folder })).nvdec.works, false);
  await assert.rejects(gpuCapabilities(gpu, { folder: join(file, "nowhere") }), {
    code: "GPU_STATE_UNUSABLE",
  });
});

test("outcomes: failures on a GPU are kept, and forgotten when it works again", async () => {
  const kept = async () => JSON.parse(await readFile(join(folder, "breakers.json"), "utf8"));
  await recordOutcome("GPU-test", "GPU_LOST", folder);
  await recordOutcome("GPU-test", "GPU_LOST", folder);
  assert.deepEqual(await kept(), { "GPU-test": { state: "closed", failures: 2 } });
  await recordOutcome("GPU-test", null, folder);
  assert.deepEqual(await kept(), { "GPU-test": { state: "closed", failures: 0 } });
});
