import { attributeValue, type Graph, typeValue } from "./graph.ts";
import { dataTypes, type NodeBackend, type NodeBinding, type TensorMetadata } from "./node-backend.ts";

/**
 * Runs a function of TensorFlow.js and writes each TensorFlow operation that it executes into the graph.
 * @param outputs what is known before: the graph's name for each tensor (by the binding's number); grows
 * @throws Error when the function reads a tensor's values, or uses a tensor that it neither made nor was given
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

/** tfjs-node leaves these to eager TensorFlow, which infers them; a graph has to name them. */
function inferred(operation: string, results: readonly TensorMetadata[]) {
  if (operation !== "ExpandDims") return {};
  return { T: typeValue(results[0]!.dtype), Tdim: typeValue(dataTypes.int32) };
}
