import * as tf from "@tensorflow/tfjs";
import { TypedError } from "../../../base/typed-error.ts";
import { composedOperations } from "../composed-operations.ts";
import type { Engine } from "../engine.ts";

/** Vulkan drivers that run on the CPU: slower than WebAssembly, so `auto` skips them. */
const softwareAdapters = /swiftshader|llvmpipe|lavapipe/i;

/**
 * Any GPU with a Vulkan driver, through Dawn.
 * @param accept "any" also takes a driver that runs on the CPU
 * @throws TypedError ENGINE_ABSENT
 */
export async function openWebgpu(accept: "gpu" | "any"): Promise<Engine> {
  const dawn = await import("webgpu").catch((cause) => {
    throw absent("the npm package webgpu does not load here", cause);
  });
  Object.assign(globalThis, dawn.globals);
  const gpu = dawn.create([]);
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw absent("there is no Vulkan driver (apt packages: mesa-vulkan-drivers, or NVIDIA's)");
  const { vendor, architecture, device, description } = adapter.info;
  const name = [description || device || vendor, architecture].filter(Boolean).join(", ");
  const software = softwareAdapters.test(`${vendor} ${architecture} ${device} ${description}`);
  if (software && accept === "gpu") throw absent(`its only device is ${name}, which runs on the CPU`);
  // TensorFlow.js looks for the GPU where browsers provide it.
  Object.defineProperty(navigator, "gpu", { value: gpu, configurable: true });
  await import("@tensorflow/tfjs-backend-webgpu");
  if (!(await tf.setBackend("webgpu").catch(() => false))) throw absent(`${name} does not start`);
  return { name: "webgpu", device: name, operations: composedOperations };
}

const absent = (why: string, cause?: unknown) =>
  new TypedError("ENGINE_ABSENT", `the engine webgpu cannot be used: ${why}`, { cause });
