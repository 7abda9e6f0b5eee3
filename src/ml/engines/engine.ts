import type { Operations } from "./operations.ts";
import type { StepDefinition, TrainingStep } from "./training-step.ts";

/** Best first: the order in which `auto` tries them. */
export const engineNames = ["tensorflow", "webgpu", "wasm"] as const;
export type EngineName = (typeof engineNames)[number];

export const engineChoices = ["auto", ...engineNames] as const;
export type EngineChoice = (typeof engineChoices)[number];

/** A TensorFlow.js backend that is set up and active. There is one a process: TensorFlow.js itself is global. */
export interface Engine {
  readonly name: EngineName;
  /** What it runs on, for people: "CPU, TensorFlow 2.21.0". */
  readonly device: string;
  /** The building blocks of networks, with written-out gradients where this engine has a faster way. */
  readonly operations: Operations;
  /**
   * Compiles a step of training, where the engine can.
   * @throws TypedError STEP_NOT_COMPILED
   */
  readonly compileStep?: (definition: StepDefinition) => TrainingStep;
}
