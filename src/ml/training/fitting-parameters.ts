import { priorLimit } from "../models/transformer/markov-prior.ts";
import type { TransformerParameters } from "../models/transformer/transformer-parameters.ts";
import { negativesFor, type TrainingParameters } from "./training-parameters.ts";

/**
 * The parameters as far as this catalogue allows them.
 * @param onNotice told what is done otherwise than asked
 */
export function fittingParameters(
  parameters: TransformerParameters,
  training: TrainingParameters,
  items: number,
  onNotice: (say: string) => void,
): TransformerParameters {
  if (!parameters.markovPrior) return parameters;
  const without = { ...parameters, markovPrior: false };
  if (items > priorLimit) {
    onNotice(`no Markov prior: its table is made for at most ${priorLimit} items, and there are ${items}`);
    return without;
  }
  if (negativesFor(items, training) > 0) {
    onNotice("no Markov prior: it is learned over the whole catalogue, not among drawn negatives");
    return without;
  }
  return parameters;
}
