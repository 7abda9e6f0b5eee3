import type { Operations } from "./operations.ts";
import type { StepDefinition, TrainingStep } from "./training-step.ts";

/** Best first: the order in which `auto` tries them. */
export const engineNames = ["tensorflow", "webgpu", "wasm"] as const;
export type EngineName = (typeof engineNames)[number];

export const engineChoices = ["auto", ...engineNames] as const;
export type EngineChoice = (typeof engineChoices)[number];

/** A TensorFlow.js backend that is set up and active. Only one per process, because TensorFlow.js is global. */
export interface Engine {
  readonly name: EngineName;
  /** What it runs on, human-readable: "CPU, TensorFlow 2.21.0". */
  readonly device: string;
  /** The building blocks of networks, with explicit gradients where this engine computes them faster. */
  readonly operations: Operations;
  /**
   * Compiles a training step, if the engine supports it.
   * @throws TypedError STEP_NOT_COMPILED
   */
  readonly compileStep?: (definition: StepDefinition) => TrainingStep;
}
