import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { TypedError } from "../../../base/typed-error.ts";
import { type HostTensor, type HostTensors, toDevice } from "../host-tensor.ts";
import {
  checkInputs,
  type StepDefinition,
  type StepState,
  stateSlots,
  stepRates,
  type TrainingStep,
} from "../training-step.ts";
import type { Graph } from "./graph.ts";
import type { NodeBackend } from "./node-backend.ts";
import { StepNames, stepGraph } from "./step-graph.ts";

/**
 * Runs the step's loss and its gradients once, recording every operation, adds Adam, and loads all of it into
 * TensorFlow as a SavedModel whose variables hold the state. TensorFlow then optimises the graph and runs it in
 * parallel, as tf.function does in Python.
 * @throws TypedError STEP_NOT_COMPILED
 */
export function compileStep(backend: NodeBackend, definition: StepDefinition): TrainingStep {
  const names = new StepNames(definition);
  const model = notCompiled(() => load(backend, stepGraph(backend, definition, names)));
  const run = (feeds: HostTensors, outputs: readonly string[]): tf.Tensor[] => {
    const inputs = Object.entries(feeds).map(([name, host]) => ({ name, tensor: toDevice(host) }));
    const results = backend.binding.runSavedModel(
      model,
      backend.getInputTensorIds(inputs.map(({ tensor }) => tensor)),
      inputs.map(({ name }) => `${name}:0`).join(","),
      outputs.map((name) => `${name}:0`).join(","),
    );
    return results.map((result) => backend.createOutputTensor(result));
  };
  const read = (outputs: readonly string[], feeds: HostTensors = {}): HostTensor[] =>
    tf.tidy(() =>
      run(feeds, outputs).map((tensor) => ({
        shape: tensor.shape,
        values: (tensor.dataSync() as Float32Array).slice(),
      })),
    );
  notCompiled(() => read(["initialised"], names.initialFeeds()));
  let { steps } = definition.state;
  return {
    mode: "compiled",
    async run(given, rate, seed) {
      checkInputs(definition, given);
      steps++;
      const rates = stepRates(steps, rate, definition.adam);
      const inputs = mapKeys(given, (name) => names.input(name));
      const feeds = {
        ...inputs,
        rate: scalar(rates.rate),
        averageRate: scalar(rates.averageRate),
        seed: { shape: [2], values: Int32Array.of(seed, 0) },
      };
      return engineFailed(() => read(["trained"], feeds))[0]!.values[0]!;
    },
    async state() {
      const weights = Object.keys(definition.state.weights);
      const values = engineFailed(() =>
        read(stateSlots.flatMap((slot) => weights.map((name) => names.value(slot, name)))),
      );
      const slots = stateSlots.map((slot, index) => {
        const own = values.slice(index * weights.length, (index + 1) * weights.length);
        return [slot, Object.fromEntries(weights.map((name, at) => [name, own[at]!]))];
      });
      return { steps, ...Object.fromEntries(slots) } as StepState;
    },
    dispose() {
      backend.binding.deleteSavedModel(model);
    },
  };
}

function load(backend: NodeBackend, graph: Graph): number {
  const directory = mkdtempSync(join(tmpdir(), "kiln-step-"));
  try {
    writeFileSync(join(directory, "saved_model.pb"), graph.savedModel());
    // TensorFlow warns if a SavedModel has no variables folder.
    mkdirSync(join(directory, "variables"));
    return backend.binding.loadSavedModel(directory, "serve");
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const scalar = (value: number): HostTensor => ({ shape: [], values: Float32Array.of(value) });

const mapKeys = <Value>(record: Readonly<Record<string, Value>>, rename: (name: string) => string) =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [rename(name), value]));

function notCompiled<Result>(act: () => Result): Result {
  try {
    return act();
  } catch (cause) {
    throw new TypedError("STEP_NOT_COMPILED", `the training step could not be compiled: ${cause}`, { cause });
  }
}

function engineFailed<Result>(act: () => Result): Result {
  try {
    return act();
  } catch (cause) {
    throw new TypedError(
      "ENGINE_FAILED",
      `TensorFlow failed in a training step: ${cause}. Training can go on from its last checkpoint`,
      { cause },
    );
  }
}
