import { seeded } from "../../../events/random.ts";
import type { Engine } from "../../engines/engine.ts";
import type { HostTensor, HostTensors } from "../../engines/host-tensor.ts";
import { Blend } from "../blend.ts";
import { Markov } from "../markov.ts";
import type { Recommender } from "../recommender.ts";
import type { BlendDescription, TransformerDescription } from "../stored/model-description.ts";
import { partOf } from "../stored/model-folder.ts";
import { initialWeights } from "./network.ts";
import { Transformer, type TransformerModel } from "./transformer.ts";

/** @throws RangeError when the tensors do not fit to the description */
export function restoreNetwork(
  description: TransformerDescription | BlendDescription,
  tensors: HostTensors,
  items: number,
  engine: Engine,
): Recommender {
  if (description.kind === "transformer")
    return new Transformer(restoreTransformer(description, tensors, items), engine);
  const { networks, markov, markovWeight, markovEpsilon } = description;
  const members = networks.map(
    (network, index) =>
      new Transformer(restoreTransformer(network, partOf(tensors, `network${index}.`), items), engine),
  );
  const parts = {
    networks: members,
    markov: Markov.restore(items, markov.parameters, partOf(tensors, "markov.")),
  };
  return new Blend(parts, { markovWeight, markovEpsilon });
}

/** @throws RangeError when a tensor is missing or of another shape */
export function restoreTransformer(
  { parameters, markov }: TransformerDescription,
  tensors: HostTensors,
  items: number,
): TransformerModel {
  const weights = partOf(tensors, "weights.");
  for (const [name, { shape }] of Object.entries(initialWeights(items, parameters, seeded(0))))
    expectShape(name, weights[name], shape);
  const { popularity, content } = tensors;
  expectShape("popularity", popularity, [items]);
  if (parameters.contentDimension > 0) expectShape("content", content, [items, parameters.contentDimension]);
  return {
    parameters,
    weights,
    popularity: popularity!,
    ...(parameters.contentDimension > 0 ? { content: content! } : {}),
    ...(markov ? { markov: Markov.restore(items, markov.parameters, partOf(tensors, "markov.")) } : {}),
  };
}

function expectShape(name: string, tensor: HostTensor | undefined, shape: readonly number[]): void {
  if (tensor === undefined || String(tensor.shape) !== String(shape))
    throw new RangeError(
      `the tensor ${name} must be [${shape}], not ${tensor ? `[${tensor.shape}]` : "absent"}`,
    );
}
