import type { HostTensors } from "../../engines/host-tensor.ts";
import type { Blend } from "../blend.ts";
import type { Markov } from "../markov.ts";
import type { TransformerModel } from "../transformer/transformer.ts";
import type {
  BlendDescription,
  MarkovDescription,
  ModelDescription,
  TransformerDescription,
} from "./model-description.ts";
import { asPart } from "./model-folder.ts";

/** A model as it is stored, without the names of its items. */
type Described<Description extends ModelDescription> = { description: Description; tensors: HostTensors };

export const describeMarkov = (markov: Markov): Described<MarkovDescription> => ({
  description: { kind: "markov", parameters: markov.parameters },
  tensors: markov.save(),
});

export function describeTransformer(model: TransformerModel): Described<TransformerDescription> {
  const markov = model.markov && describeMarkov(model.markov);
  return {
    description: {
      kind: "transformer",
      parameters: model.parameters,
      ...(markov ? { markov: markov.description } : {}),
    },
    tensors: {
      ...asPart(model.weights, "weights."),
      ...(markov ? asPart(markov.tensors, "markov.") : {}),
      ...(model.content ? { content: model.content } : {}),
      popularity: model.popularity,
    },
  };
}

export function describeBlend(
  networks: readonly TransformerModel[],
  { parts: { markov }, weights }: Blend,
): Described<BlendDescription> {
  const described = networks.map(describeTransformer);
  const own = describeMarkov(markov);
  return {
    description: {
      kind: "blend",
      networks: described.map(({ description }) => description),
      markov: own.description,
      ...weights,
    },
    tensors: Object.assign(
      asPart(own.tensors, "markov."),
      ...described.map(({ tensors }, index) => asPart(tensors, `network${index}.`)),
    ),
  };
}
