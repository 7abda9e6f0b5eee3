import * as tf from "@tensorflow/tfjs";
import {
  type HostTensor,
  type HostTensors,
  mapRecord,
  sizeOf,
  type TensorForm,
  toDevice,
  typeOf,
} from "../host-tensor.ts";
import { type AdamParameters, type StepDefinition, stateSlots } from "../training-step.ts";
import { fusedOperations } from "./fused-operations.ts";
import { flagValue, Graph, shapeValue, stringValue, typeValue } from "./graph.ts";
import { dataTypes, type NodeBackend } from "./node-backend.ts";
import { recordOperations } from "./record-operations.ts";

/** Keeps variables of different steps in one process apart. */
let compiledSteps = 0;

/** Names of the graph's nodes: numbered, because TensorFlow allows few characters in them. */
export class StepNames {
  readonly #definition: StepDefinition;
  readonly #inputs: string[];
  readonly #weights: string[];
  readonly #constants: string[];
  readonly unique = `kiln-step-${process.pid}-${compiledSteps++}`;

  constructor(definition: StepDefinition) {
    this.#definition = definition;
    this.#inputs = Object.keys(definition.inputs);
    this.#weights = Object.keys(definition.state.weights);
    this.#constants = Object.keys(definition.constants);
  }

  input = (name: string) => `input${this.#inputs.indexOf(name)}`;
  variable = (slot: string, name: string) => `${slot}${this.#weights.indexOf(name)}`;
  constant = (name: string) => `constant${this.#constants.indexOf(name)}`;
  value = (slot: string, name: string) => readOf(this.variable(slot, name));

  /** All variables with their initial values. */
  variables(): { name: string; initial: HostTensor }[] {
    const { state, constants } = this.#definition;
    return [
      ...stateSlots.flatMap((slot) =>
        Object.entries(state[slot]).map(([name, initial]) => ({ name: this.variable(slot, name), initial })),
      ),
      ...Object.entries(constants).map(([name, initial]) => ({ name: this.constant(name), initial })),
    ];
  }

  initialFeeds(): HostTensors {
    return Object.fromEntries(this.variables().map(({ name, initial }) => [initialOf(name), initial]));
  }
}

const readOf = (variable: string) => `value_${variable}`;
const initialOf = (variable: string) => `initial_${variable}`;

/**
 * The whole step as a graph: `initialised` loads the state, `trained` is the loss after Adam has run, and `names.value`
 * is where the state is read.
 */
export function stepGraph(backend: NodeBackend, definition: StepDefinition, names: StepNames): Graph {
  const graph = new Graph();
  addVariables(graph, names);
  for (const name of ["rate", "averageRate"]) graph.placeholder(name, dataTypes.float32, []);
  graph.placeholder("seed", dataTypes.int32, [2]);
  for (const [name, { shape, type }] of Object.entries(definition.inputs))
    graph.placeholder(names.input(name), dataTypes[type], shape);
  const { loss, gradients } = recordLoss(backend, graph, definition, names);
  addAdam(graph, definition.adam, names, loss, gradients);
  return graph;
}

function addVariables(graph: Graph, names: StepNames): void {
  const assigned = names.variables().map(({ name, initial }) => {
    const type = dataTypes[typeOf(initial)];
    graph.node(name, "VarHandleOp", [], {
      dtype: typeValue(type),
      shape: shapeValue(initial.shape),
      shared_name: stringValue(`${names.unique}-${name}`),
      container: stringValue(""),
    });
    graph.placeholder(initialOf(name), type, initial.shape);
    graph.node(readOf(name), "ReadVariableOp", [name], { dtype: typeValue(type) });
    const assign = graph.node(`assign_${name}`, "AssignVariableOp", [name, initialOf(name)], {
      dtype: typeValue(type),
    });
    return `^${assign}`;
  });
  graph.node("initialised", "Identity", [graph.scalar("zero", 0), ...assigned], { T: floatType });
}

const floatType = typeValue(dataTypes.float32);

/** Node names of the loss and of each weight's gradient. */
function recordLoss(
  backend: NodeBackend,
  graph: Graph,
  definition: StepDefinition,
  names: StepNames,
): { loss: string; gradients: Readonly<Record<string, string>> } {
  const idOf = (tensor: tf.Tensor) => backend.getInputTensorIds([tensor])[0]!;
  const operations = fusedOperations(backend);
  const outputs = new Map<number, string>();
  const made: tf.Tensor[] = [];
  const known = <T extends tf.Tensor>(tensor: T, output: string): T => {
    made.push(tensor);
    outputs.set(idOf(tensor), output);
    return tensor;
  };
  try {
    const variables = mapRecord(definition.state.weights, (host, name) =>
      known(tf.variable(toDevice(host)), names.value("weights", name)),
    );
    const constants = mapRecord(definition.constants, (host, name) =>
      known(toDevice(host), readOf(names.constant(name))),
    );
    const inputs = mapRecord(definition.inputs, (form, name) => known(zeros(form), names.input(name)));
    const seed = { tensor: known(tf.tensor1d([0, 0], "int32"), "seed"), value: 0 };
    return tf.tidy(() => {
      const { value, grads } = recordOperations(backend, graph, outputs, () =>
        tf.variableGrads(
          () => definition.loss({ weights: variables, constants, inputs }, operations, seed),
          Object.values(variables),
        ),
      );
      const gradients = Object.entries(variables).flatMap(([name, variable]): [string, string][] => {
        const gradient = grads[variable.name];
        return gradient ? [[name, outputs.get(idOf(gradient))!]] : [];
      });
      return { loss: outputs.get(idOf(value))!, gradients: Object.fromEntries(gradients) };
    });
  } finally {
    tf.dispose(made);
  }
}

const zeros = ({ shape, type }: TensorForm) =>
  toDevice({
    shape,
    values: type === "int32" ? new Int32Array(sizeOf(shape)) : new Float32Array(sizeOf(shape)),
  });

function addAdam(
  graph: Graph,
  { beta1, beta2, epsilon }: AdamParameters,
  names: StepNames,
  loss: string,
  gradients: Readonly<Record<string, string>>,
): void {
  const [b1, b2, eps] = [
    graph.scalar("beta1", beta1),
    graph.scalar("beta2", beta2),
    graph.scalar("epsilon", epsilon),
  ];
  const done = Object.entries(gradients).map(([name, gradient]) => {
    const [weights, momentum, velocity, average] = stateSlots.map((slot) => names.variable(slot, name));
    // The powers of beta are 0, because the bias correction is part of the rate.
    const update = graph.node(
      `update_${weights}`,
      "ResourceApplyAdam",
      [weights!, momentum!, velocity!, "zero", "zero", "rate", b1, b2, eps, gradient],
      { T: floatType, use_locking: flagValue(false), use_nesterov: flagValue(false) },
    );
    const float = { T: floatType };
    const after = graph.node(`after_${weights}`, "ReadVariableOp", [weights!, `^${update}`], {
      dtype: floatType,
    });
    const distance = graph.node(`distance_${weights}`, "Sub", [after, readOf(average!)], float);
    const change = graph.node(`change_${weights}`, "Mul", [distance, "averageRate"], float);
    return graph.node(`follow_${weights}`, "AssignAddVariableOp", [average!, change], { dtype: floatType });
  });
  graph.node("trained", "Identity", [loss, ...done.map((node) => `^${node}`)], { T: floatType });
}
