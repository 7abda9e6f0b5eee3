import { z } from "zod";
import { BaselineParameters } from "../../models/parameters.ts";
import { RankerParameters } from "../../models/ranker/ranker-parameters.ts";
import { TransformerParameters } from "../../models/transformer/transformer-parameters.ts";
import { TrainingParameters } from "./training-parameters.ts";

export const modelKinds = ["markov", "transformer", "blend", "ensemble"] as const;
export type ModelKind = (typeof modelKinds)[number];

/** Every hyper-parameter of every model; where each default comes from stands beside it in its own schema. */
export const ModelParameters = z.strictObject({
  transformer: TransformerParameters.prefault({}),
  training: TrainingParameters.prefault({}),
  ranker: RankerParameters.prefault({}),
  baselines: BaselineParameters.prefault({}),
  /**
   * How each network of an ensemble differs from `transformer`. Different small networks gave more on ML-1M than one
   * that is larger.
   */
  ensemble: z
    .array(z.looseObject({}))
    .min(2)
    .default([{ markovPrior: false }, { markovPrior: true }]),
});
export type ModelParameters = z.output<typeof ModelParameters>;

/** The networks that a kind of model is made of. */
export function networksOf(
  kind: Exclude<ModelKind, "markov">,
  { transformer, ensemble }: ModelParameters,
): TransformerParameters[] {
  if (kind !== "ensemble") return [transformer];
  return ensemble.map((difference) => TransformerParameters.parse({ ...transformer, ...difference }));
}
