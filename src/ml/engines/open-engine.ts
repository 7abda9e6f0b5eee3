import { TypedError } from "../../base/typed-error.ts";
import { type Engine, type EngineChoice, type EngineName, engineNames } from "./engine.ts";

/** Why an engine was skipped. */
export type SkippedEngine = { name: EngineName; reason: string };

export type OpenEngineOptions = {
  /** The folder of `kiln engine install tensorflow`, if it is not the default one. */
  tensorflow?: string | undefined;
  onSkipped?: (skipped: SkippedEngine) => void;
};

/**
 * Sets up an engine and activates it; `auto` takes the best that works on this machine.
 * @throws TypedError ENGINE_ABSENT, ENGINE_ACTIVE if this process already uses another one
 */
export async function openEngine(choice: EngineChoice, options: OpenEngineOptions = {}): Promise<Engine> {
  if (active !== undefined) {
    const engine = await active;
    if (choice === "auto" || choice === engine.name) return engine;
    throw new TypedError(
      "ENGINE_ACTIVE",
      `this process uses the engine ${engine.name} already: use ${choice} in another one`,
    );
  }
  active = choice === "auto" ? openBest(options) : open[choice](options, "any");
  // Allows another try after a failure.
  active.catch(() => {
    active = undefined;
  });
  return await active;
}

let active: Promise<Engine> | undefined;

const open: Record<EngineName, (options: OpenEngineOptions, accept: "gpu" | "any") => Promise<Engine>> = {
  async tensorflow({ tensorflow }) {
    const { openTensorflow } = await import("./tensorflow/open-tensorflow.ts");
    return await openTensorflow(tensorflow);
  },
  async webgpu(_, accept) {
    const { openWebgpu } = await import("./webgpu/open-webgpu.ts");
    return await openWebgpu(accept);
  },
  async wasm() {
    const { openWasm } = await import("./wasm/open-wasm.ts");
    return await openWasm();
  },
};

async function openBest(options: OpenEngineOptions): Promise<Engine> {
  for (const name of engineNames) {
    try {
      return await open[name](options, "gpu");
    } catch (error) {
      if (!(error instanceof TypedError)) throw error;
      options.onSkipped?.({ name, reason: error.message });
    }
  }
  throw new TypedError("ENGINE_ABSENT", "no engine can be used on this machine");
}
