import { attributeValue, type Graph, typeValue } from "./graph.ts";
import { dataTypes, type NodeBackend, type NodeBinding, type TensorMetadata } from "./node-backend.ts";

/**
 * Runs a TensorFlow.js function and adds each TensorFlow operation that it executes to the graph.
 * @param outputs the graph's name for each tensor known so far (by the binding's id); added to
 * @throws Error if the function reads a tensor's values, or uses a tensor that it neither created nor received
 */
export function recordOperations<Result>(
  backend: NodeBackend,
  graph: Graph,
  outputs: Map<number, string>,
  run: () => Result,
): Result {
  const { binding } = backend;
  let count = 0;
  const recording: Partial<NodeBinding> = {
    createTensor(shape, type, values) {
      const id = binding.createTensor(shape, type, values);
      outputs.set(id, graph.constant(`made${count++}`, type, shape, values));
      return id;
    },
    executeOp(name, attributes, inputs, wanted) {
      const results = binding.executeOp(name, attributes, inputs, wanted);
      const from = inputs.map((id) => {
        const output = outputs.get(id);
        if (output === undefined) throw new Error(`${name} uses a tensor from outside the step`);
        return output;
      });
      const given = Object.fromEntries(
        attributes.map((attribute) => [attribute.name, attributeValue(attribute, binding)]),
      );
      const node = graph.node(`op${count++}`, name, from, { ...inferred(name, results), ...given });
      for (const [index, { id }] of results.entries())
        outputs.set(id, index === 0 ? node : `${node}:${index}`);
      return results;
    },
    tensorDataSync() {
      throw new Error("the step reads the values of a tensor while it is compiled");
    },
  };
  backend.binding = new Proxy({} as NodeBinding, {
    get: (_, key: keyof NodeBinding) => recording[key] ?? binding[key],
  });
  try {
    return run();
  } finally {
    backend.binding = binding;
  }
}

/** Attributes that tfjs-node omits, because eager TensorFlow infers them; a graph needs them. */
function inferred(operation: string, results: readonly TensorMetadata[]) {
  if (operation !== "ExpandDims") return {};
  return { T: typeValue(results[0]!.dtype), Tdim: typeValue(dataTypes.int32) };
}
