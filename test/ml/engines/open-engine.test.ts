import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openEngine } from "../../../src/ml/engines/open-engine.ts";
import { installTensorflow } from "../../../src/ml/engines/tensorflow/install-tensorflow.ts";

test("an engine that is not installed names the folder and the command", async () => {
  await assert.rejects(openEngine("tensorflow", { tensorflow: "/nowhere/tensorflow" }), {
    code: "ENGINE_ABSENT",
    message: /not installed in \/nowhere\/tensorflow: run \.\/kiln engine install tensorflow/,
  });
});

test("one process has one engine", async () => {
  assert.equal((await openEngine("wasm")).name, "wasm");
  assert.equal((await openEngine("auto")).name, "wasm");
  await assert.rejects(openEngine("webgpu"), {
    code: "ENGINE_ACTIVE",
    message: /uses the engine wasm already/,
  });
});

test("installing TensorFlow without its tools names the packages that bring them", async () => {
  const directory = await mkdtemp(join(tmpdir(), "kiln-engine-"));
  const { PATH } = process.env;
  process.env.PATH = directory;
  try {
    const options = { directory: join(directory, "tensorflow"), cuda: false, onStep: assert.fail };
    await assert.rejects(installTensorflow(options), {
      code: "ENGINE_TOOLS_MISSING",
      message: /python3, python3 -m pip, g\+\+ missing: .*apt-get install .* python3 python3-pip g\+\+,/,
    });
  } finally {
    process.env.PATH = PATH;
    await rm(directory, { recursive: true });
  }
});
