import type { Scalar, Tensor } from "@tensorflow/tfjs";
import { TypedError } from "../../base/typed-error.ts";
import type { HostTensor, HostTensors, TensorForm } from "./host-tensor.ts";
import { mapRecord, typeOf, zerosLike } from "./host-tensor.ts";
import type { DropoutSeed, Operations } from "./operations.ts";

export type LossTensors = {
  weights: Readonly<Record<string, Tensor>>;
  constants: Readonly<Record<string, Tensor>>;
  inputs: Readonly<Record<string, Tensor>>;
};

/** What is done again and again: a loss of some weights and inputs, of fixed shapes, that Adam makes smaller. */
export type StepDefinition = {
  state: StepState;
  /** What the loss reads and nothing changes. */
  constants: HostTensors;
  /** What each run brings. */
  inputs: Readonly<Record<string, TensorForm>>;
  adam: AdamParameters;
  /** May use nothing but its tensors and numbers; runs once when the step is compiled. */
  loss: (tensors: LossTensors, operations: Operations, seed: DropoutSeed) => Scalar;
};

/** @source Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015 */
export type AdamParameters = {
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Of the moving average of the weights, which is what is used in the end; 0: the weights themselves. */
  averageDecay: number;
};

/** All that a step changes; enough to go on elsewhere. Each slot has a tensor a weight. */
export type StepState = { steps: number } & Readonly<Record<StateSlot, HostTensors>>;
export const stateSlots = ["weights", "momentum", "velocity", "average"] as const;
export type StateSlot = (typeof stateSlots)[number];

/** Training that begins with these weights. */
export const initialState = (weights: HostTensors): StepState => ({
  steps: 0,
  weights,
  momentum: mapRecord(weights, zerosLike),
  velocity: mapRecord(weights, zerosLike),
  average: weights,
});

export interface TrainingStep {
  readonly mode: "compiled" | "eager";
  /**
   * Changes the weights once.
   * @param inputs as defined
   * @param rate the learning rate of this step
   * @param seed of this step's dropout
   * @returns the loss before the change
   * @throws TypedError STEP_INPUT_INVALID, ENGINE_FAILED
   */
  run(inputs: HostTensors, rate: number, seed: number): Promise<number>;
  state(): Promise<StepState>;
  dispose(): void;
}

/** Adam's rate with the correction for its first steps, and how far the average follows. */
export function stepRates(
  steps: number,
  rate: number,
  { beta1, beta2, averageDecay }: AdamParameters,
): { rate: number; averageRate: number } {
  const corrected = (rate * Math.sqrt(1 - beta2 ** steps)) / (1 - beta1 ** steps);
  // An average over few steps must not remember where it began.
  const averageRate = 1 - Math.min(averageDecay, (1 + steps) / (10 + steps));
  return { rate: corrected, averageRate: averageDecay === 0 ? 1 : averageRate };
}

/** @throws TypedError STEP_INPUT_INVALID */
export function checkInputs({ inputs: forms }: StepDefinition, given: HostTensors): void {
  for (const [name, { shape, type }] of Object.entries(forms)) {
    const input: HostTensor | undefined = given[name];
    const found = input && `${typeOf(input)} [${input.shape.join(", ")}]`;
    const expected = `${type} [${shape.join(", ")}]`;
    if (found !== expected)
      throw new TypedError(
        "STEP_INPUT_INVALID",
        `the input ${name} of the training step must be ${expected}, not ${found ?? "absent"}`,
      );
  }
}
