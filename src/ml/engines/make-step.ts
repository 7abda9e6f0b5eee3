import { TypedError } from "../../base/typed-error.ts";
import { eagerStep } from "./eager-step.ts";
import type { Engine } from "./engine.ts";
import type { StepDefinition, TrainingStep } from "./training-step.ts";

/**
 * The fastest step that the engine supports: compiled, or operation by operation if it cannot compile this one.
 * @param onFallback receives the reason why a step was not compiled
 */
export function makeStep(
  engine: Engine,
  definition: StepDefinition,
  onFallback: (reason: string) => void = () => {},
): TrainingStep {
  if (engine.compileStep) {
    try {
      return engine.compileStep(definition);
    } catch (error) {
      if (!(error instanceof TypedError && error.code === "STEP_NOT_COMPILED")) throw error;
      onFallback(error.message);
    }
  }
  return eagerStep(definition, engine.operations);
}
