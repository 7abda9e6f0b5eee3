import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { composedOperations } from "../composed-operations.ts";
import type { Engine } from "../engine.ts";
import { batchMatMul } from "./batch-mat-mul.ts";
import { unsortedSegmentSum } from "./unsorted-segment-sum.ts";

/** WebAssembly with SIMD: works everywhere without installation. */
export async function openWasm(): Promise<Engine> {
  const main = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm");
  setWasmPaths(join(dirname(main), "/"));
  // More threads need web workers, which Node.js does not have.
  setThreadsCount(1);
  tf.registerKernel(unsortedSegmentSum);
  await tf.setBackend("wasm");
  // Not earlier: a backend sets up the registered kernels when it starts, and this one calls another kernel.
  const faster = batchMatMul();
  tf.unregisterKernel(faster.kernelName, faster.backendName);
  tf.registerKernel(faster);
  return { name: "wasm", device: "CPU, WebAssembly, 1 thread", operations: composedOperations };
}
