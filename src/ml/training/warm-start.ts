import type { Random } from "../../base/random.ts";
import { TypedError } from "../../base/typed-error.ts";
import type { Dataset } from "../dataset.ts";
import type { HostTensors } from "../engines/host-tensor.ts";
import type { ModelDescription } from "../models/stored/model-description.ts";
import { partOf, readModel } from "../models/stored/model-folder.ts";
import { weightsFor } from "../models/transformer/extend-catalogue.ts";
import type { TransformerParameters } from "../models/transformer/transformer-parameters.ts";

/** Training that continues from an older model with what is new, and a share of the old against forgetting. */
export type WarmStart = {
  /** The form of the older model's networks, which their weights demand. */
  forms: readonly TransformerParameters[];
  /** The initial weights of a network by its number; undefined when the older model has no such network. */
  weights: (network: number) => HostTensors | undefined;
  choose: (random: Random) => (user: number) => boolean;
};

/**
 * @param since milliseconds since 1970: what happened from then on is new
 * @param replay the share of users without anything new that an epoch learns from again
 * @throws TypedError MODEL_NOT_FOUND, MODEL_CORRUPT, MODEL_NOT_A_NETWORK, SPLIT_NEEDS_TIMES
 */
export async function warmStart(
  folder: string,
  dataset: Dataset,
  since: number,
  replay: number,
): Promise<WarmStart> {
  const { description, tensors, items } = await readModel(folder);
  const networks = storedNetworks(description, tensors);
  if (networks.length === 0)
    throw new TypedError(
      "MODEL_NOT_A_NETWORK",
      `the model in ${folder} is a ${description.kind} model, which has no weights to start from: leave out --from`,
    );
  const { times, offsets } = dataset;
  if (times === undefined)
    throw new TypedError(
      "SPLIT_NEEDS_TIMES",
      "these interactions have no times, so what is new is unknown: leave out --from",
    );
  const isNew = dataset.users.map((_, user) => {
    const end = offsets[user + 1]!;
    return end > offsets[user]! && times[end - 1]! >= since;
  });
  return {
    forms: networks.map(({ parameters }) => parameters),
    weights: (network) => {
      const stored = networks[network];
      return stored && weightsFor(stored.weights, items, dataset.items);
    },
    choose: (random) => {
      const again = Float64Array.from(isNew, () => random.next());
      return (user) => isNew[user]! || again[user]! < replay;
    },
  };
}

/** The networks of a stored model, with their own weights. */
function storedNetworks(description: ModelDescription, tensors: HostTensors) {
  switch (description.kind) {
    case "transformer":
      return [{ parameters: description.parameters, weights: partOf(tensors, "weights.") }];
    case "blend":
      return description.networks.map(({ parameters }, index) => ({
        parameters,
        weights: partOf(tensors, `network${index}.weights.`),
      }));
    default:
      return [];
  }
}
