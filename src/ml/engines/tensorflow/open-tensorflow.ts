import { existsSync } from "node:fs";
import { mkdir, readlink, rename, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import util from "node:util";
import { TypedError } from "../../../base/typed-error.ts";
import type { Engine } from "../engine.ts";
import { compileStep } from "./compiled-step.ts";
import { fusedOperations } from "./fused-operations.ts";
import { bindingFile, defaultDirectory, findInstallation } from "./installation.ts";
import type { NodeBackend } from "./node-backend.ts";

/**
 * libtensorflow through tfjs-node-gpu: on an NVIDIA GPU if there is one and the CUDA build is installed, else on all CPU
 * cores.
 * @throws TypedError ENGINE_ABSENT
 */
export async function openTensorflow(directory = defaultDirectory): Promise<Engine> {
  const installation = await findInstallation(directory);
  if (installation === undefined)
    throw absent(`it is not installed in ${directory}: run ./kiln engine install tensorflow`);
  const require = createRequire(import.meta.url);
  await linkBinding(require.resolve("@tensorflow/tfjs-node-gpu/package.json"), directory);
  restoreUtilities();
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
  const tf = load(require);
  await tf.ready();
  const backend = tf.backend() as unknown as NodeBackend;
  const device = backend.isUsingGpuDevice ? "NVIDIA GPU" : "CPU";
  return {
    name: "tensorflow",
    device: `${device}, TensorFlow ${installation.tensorflow}`,
    operations: fusedOperations(backend),
    compileStep: (definition) => compileStep(backend, definition),
  };
}

function load(require: NodeJS.Require): typeof import("@tensorflow/tfjs-node-gpu") {
  try {
    return require("@tensorflow/tfjs-node-gpu");
  } catch (cause) {
    throw absent(`its library does not load (${cause}): run ./kiln engine install tensorflow again`, cause);
  }
}

/** The package looks for its binding in its own folder, which `npm ci` deletes. */
async function linkBinding(packageFile: string, directory: string): Promise<void> {
  const target = resolve(bindingFile(directory));
  const link = join(dirname(packageFile), "lib/napi-v8/tfjs_binding.node");
  if ((await readlink(link).catch(() => undefined)) === target && existsSync(link)) return;
  const temporary = `${link}.${process.pid}`;
  try {
    await mkdir(dirname(link), { recursive: true });
    await symlink(target, temporary);
    await rename(temporary, link);
  } catch (cause) {
    throw absent(`its binding cannot be linked at ${link} (${cause}): make that folder writable`, cause);
  }
}

/** tfjs-node-gpu 4.22.0 needs two functions that Node.js 23 removed or deprecated. */
function restoreUtilities(): void {
  const old = util as unknown as Record<string, unknown>;
  old.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  old.isArray = Array.isArray;
}

const absent = (why: string, cause?: unknown) =>
  new TypedError("ENGINE_ABSENT", `the engine tensorflow cannot be used: ${why}`, { cause });
