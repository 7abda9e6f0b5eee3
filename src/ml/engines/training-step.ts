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

/** One step of training: a loss of weights and inputs with fixed shapes, which Adam minimises. */
export type StepDefinition = {
  state: StepState;
  /** Constants that the loss reads. */
  constants: HostTensors;
  /** Different for each run. */
  inputs: Readonly<Record<string, TensorForm>>;
  adam: AdamParameters;
  /** May use only its arguments; runs once when the step is compiled. */
  loss: (tensors: LossTensors, operations: Operations, seed: DropoutSeed) => Scalar;
};

/** @source Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015 */
export type AdamParameters = {
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Decay of the moving average of the weights, which is the final model; 0: the weights themselves are. */
  averageDecay: number;
};

/** Everything that a step changes: enough to resume elsewhere. Each slot has one tensor per weight. */
export type StepState = { steps: number } & Readonly<Record<StateSlot, HostTensors>>;
export const stateSlots = ["weights", "momentum", "velocity", "average"] as const;
export type StateSlot = (typeof stateSlots)[number];

/** The initial state with these weights. */
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
   * Updates the weights once.
   * @param inputs as defined
   * @param rate the learning rate of this step
   * @param seed of this step's dropout
   * @returns the loss before the update
   * @throws TypedError STEP_INPUT_INVALID, ENGINE_FAILED
   */
  run(inputs: HostTensors, rate: number, seed: number): Promise<number>;
  state(): Promise<StepState>;
  dispose(): void;
}

/** Adam's rate with bias correction, and the rate of the moving average. */
export function stepRates(
  steps: number,
  rate: number,
  { beta1, beta2, averageDecay }: AdamParameters,
): { rate: number; averageRate: number } {
  const corrected = (rate * Math.sqrt(1 - beta2 ** steps)) / (1 - beta1 ** steps);
  // In the first steps the average must not be dominated by the initial weights.
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
