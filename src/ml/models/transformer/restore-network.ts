import { seeded } from "../../../base/random.ts";
import type { Engine } from "../../engines/engine.ts";
import type { HostTensor, HostTensors } from "../../engines/host-tensor.ts";
import { Blend } from "../blend.ts";
import { Markov } from "../markov.ts";
import type { Recommender } from "../recommender.ts";
import type { BlendDescription, TransformerDescription } from "../stored/model-description.ts";
import { partOf } from "../stored/model-folder.ts";
import { initialWeights } from "./network.ts";
import { type Content, extended, withNewcomers } from "./newcomers.ts";
import { Transformer, type TransformerModel } from "./transformer.ts";

/** A network that is ready, and the names of the items in the order of its scores. */
export type RestoredNetwork = { recommender: Recommender; items: readonly string[] };

/**
 * @param content of videos that the network may not know: where it learned from content, those that it does not know
 * enter its catalogue
 * @throws RangeError when the tensors do not fit to the description
 * @throws TypedError CONTENT_INVALID when the content is not of the kind that the network learned from
 */
export function restoreNetwork(
  description: TransformerDescription | BlendDescription,
  tensors: HostTensors,
  known: readonly string[],
  engine: Engine,
  content: Content = new Map(),
): RestoredNetwork {
  if (description.kind === "transformer") {
    const model = restoreTransformer(description, tensors, known.length);
    const items = withNewcomers([model], known, content);
    return { recommender: new Transformer(extended(model, known, items, content), engine), items };
  }
  const models = description.networks.map((network, index) =>
    restoreTransformer(network, partOf(tensors, `network${index}.`), known.length),
  );
  const items = withNewcomers(models, known, content);
  const networks = models.map((model) => new Transformer(extended(model, known, items, content), engine));
  const markov = Markov.restore(known.length, description.markov.parameters, partOf(tensors, "markov."));
  const parts = { networks, markov: Markov.renumbered(markov, Int32Array.from(known.keys()), items.length) };
  const { markovWeight, markovEpsilon } = description;
  return { recommender: new Blend(parts, { markovWeight, markovEpsilon }), items };
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
