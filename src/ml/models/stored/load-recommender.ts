import { TypedError } from "../../../telemetry/typed-error.ts";
import type { EngineChoice } from "../../engines/engine.ts";
import type { HostTensor, HostTensors } from "../../engines/host-tensor.ts";
import { type OpenEngineOptions, openEngine } from "../../engines/open-engine.ts";
import { Markov } from "../markov.ts";
import { type Recommender, rowByRow } from "../recommender.ts";
import type { ModelDescription } from "./model-description.ts";
import { readModel } from "./model-folder.ts";

export type LoadedRecommender = {
  recommender: Recommender;
  /** The names of the items, in the order of the scores. */
  items: readonly string[];
  description: ModelDescription;
};

export type LoadOptions = { engine?: EngineChoice } & OpenEngineOptions;

/**
 * Makes a recommender out of a folder that training or the registry wrote. An engine is opened only for models that
 * have a network.
 * @throws TypedError MODEL_NOT_FOUND, MODEL_CORRUPT, ENGINE_ABSENT
 */
export async function loadRecommender(folder: string, options: LoadOptions = {}): Promise<LoadedRecommender> {
  const { description, tensors, items } = await readModel(folder);
  try {
    const recommender = await toRecommender(description, tensors, items.length, options);
    return { recommender, items, description };
  } catch (cause) {
    if (cause instanceof TypedError) throw cause;
    throw new TypedError("MODEL_CORRUPT", `the model in ${folder} cannot be used: ${cause}`, { cause });
  }
}

async function toRecommender(
  description: ModelDescription,
  tensors: HostTensors,
  items: number,
  { engine = "auto", ...options }: LoadOptions,
): Promise<Recommender> {
  switch (description.kind) {
    case "fixed": {
      const scores = expect(tensors, "scores", [items]).values as Float32Array;
      return rowByRow(description.name, items, (_, row) => row.set(scores));
    }
    case "markov":
      return Markov.restore(items, description.parameters, tensors);
    default: {
      const { restoreNetwork } = await import("../transformer/restore-network.ts");
      return restoreNetwork(description, tensors, items, await openEngine(engine, options));
    }
  }
}

function expect(tensors: HostTensors, name: string, shape: readonly number[]): HostTensor {
  const tensor: HostTensor | undefined = tensors[name];
  if (tensor && String(tensor.shape) === String(shape)) return tensor;
  throw new RangeError(
    `the tensor ${name} must be [${shape}], not ${tensor ? `[${tensor.shape}]` : "absent"}`,
  );
}
