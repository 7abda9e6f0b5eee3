import { TypedError } from "../../../base/typed-error.ts";
import type { EngineChoice } from "../../engines/engine.ts";
import type { HostTensors } from "../../engines/host-tensor.ts";
import { type OpenEngineOptions, openEngine } from "../../engines/open-engine.ts";
import { Markov } from "../markov.ts";
import type { Recommender } from "../recommender.ts";
import type { Content } from "../transformer/newcomers.ts";
import type { ModelDescription } from "./model-description.ts";
import { readModel } from "./model-folder.ts";

export type LoadedRecommender = {
  recommender: Recommender;
  /** The names of the items, in the order of the scores. */
  items: readonly string[];
  /** How many of them, from the first on, it has learned from. */
  known: number;
  description: ModelDescription;
};

export type LoadOptions = {
  engine?: EngineChoice;
  /** Of videos that the model may not know: where it learned from content, they enter its catalogue after the others. */
  content?: Content | undefined;
} & OpenEngineOptions;

/**
 * Makes a recommender out of a folder that training or the registry wrote. An engine is opened only for models that
 * have a network.
 * @throws TypedError MODEL_NOT_FOUND, MODEL_CORRUPT, ENGINE_ABSENT
 */
export async function loadRecommender(folder: string, options: LoadOptions = {}): Promise<LoadedRecommender> {
  const { description, tensors, items } = await readModel(folder);
  try {
    return { description, known: items.length, ...(await restore(description, tensors, items, options)) };
  } catch (cause) {
    if (cause instanceof TypedError) throw cause;
    throw new TypedError("MODEL_CORRUPT", `the model in ${folder} cannot be used: ${cause}`, { cause });
  }
}

async function restore(
  description: ModelDescription,
  tensors: HostTensors,
  items: readonly string[],
  { engine = "auto", content, ...options }: LoadOptions,
): Promise<Pick<LoadedRecommender, "recommender" | "items">> {
  if (description.kind === "markov")
    return { recommender: Markov.restore(items.length, description.parameters, tensors), items };
  const { restoreNetwork } = await import("../transformer/restore-network.ts");
  return restoreNetwork(description, tensors, items, await openEngine(engine, options), content);
}
