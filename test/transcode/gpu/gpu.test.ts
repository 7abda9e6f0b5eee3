import assert from "node:assert/strict";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { chooseGpu, discoverGpus, gpusOf } from "../../../src/transcode/gpu/gpu.ts";
import { scratch } from "../clip.ts";

const csv = `0, GPU-aaaa1111-2222, NVIDIA L4, 570.86.15, 23034, 1024
1, GPU-bbbb1111-2222, NVIDIA L4, 570.86.15, 23034, 20000
`;
const first = {
  index: 0,
  device: 0,
  uuid: "GPU-aaaa1111-2222",
  name: "NVIDIA L4",
  driver: "570.86.15",
  memory: 23034 * 1024 ** 2,
  freeMemory: 1024 ** 3,
};

test("GPUs: nvidia-smi's lines become numbers, in bytes", () => {
  const gpus = gpusOf(csv, undefined);
  assert.equal(gpus.length, 2);
  assert.deepEqual(gpus[0], first);
});

test("GPUs: CUDA_VISIBLE_DEVICES hides some and numbers the others anew", () => {
  const seen = (visible: string) => gpusOf(csv, visible).map(({ index, device }) => [index, device]);
  assert.deepEqual(seen("1,0"), [
    [0, 1],
    [1, 0],
  ]);
  assert.deepEqual(seen("GPU-bbbb"), [[1, 0]]);
  assert.deepEqual(seen(""), []);
});

test("GPUs: a line that is none of a GPU is refused", () => {
  assert.throws(() => gpusOf("Unable to determine the device handle\n", undefined), /expected array/);
  assert.throws(() => gpusOf("0, GPU-a, NVIDIA L4, 570, [N/A], 3\n", undefined), /NaN/);
});

test("GPUs: by itself the one with the most free memory; a named one must exist", () => {
  const gpus = gpusOf(csv, undefined);
  assert.equal(chooseGpu(gpus, "auto")?.index, 1);
  assert.equal(chooseGpu(gpus, "0")?.index, 0);
  assert.equal(chooseGpu(gpus, "GPU-bbbb1111-2222")?.index, 1);
  assert.equal(chooseGpu([], "auto"), null);
  assert.throws(() => chooseGpu(gpus, "7"), { code: "NO_SUCH_GPU", message: /one of 0, 1/ });
});

test("GPUs: what nvidia-smi itself says of a broken driver is passed on; none at all is no fault", async () => {
  const folder = await scratch();
  const program = join(folder, "nvidia-smi");
  await writeFile(program, "#!/bin/sh\necho 'NVIDIA-SMI has failed: no driver'\nexit 9\n");
  await chmod(program, 0o755);
  const path = process.env.PATH;
  try {
    process.env.PATH = folder;
    assert.deepEqual(await discoverGpus(), {
      gpus: [],
      problem: "nvidia-smi failed: NVIDIA-SMI has failed: no driver",
    });
    process.env.PATH = join(folder, "nowhere");
    assert.deepEqual(await discoverGpus(), { gpus: [], problem: "no nvidia-smi" });
  } finally {
    process.env.PATH = path;
  }
});
