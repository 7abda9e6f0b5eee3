import { tableLimit } from "../../models/transformer/markov-prior.ts";
import type { TransformerParameters } from "../../models/transformer/transformer-parameters.ts";
import type { FittedTraining, TrainingParameters } from "./training-parameters.ts";

/** Steps that an epoch is given, while each learns from so many places. */
const stepsAnEpoch = 64;
const minTokens = 512;
/** Shares of all steps: the rate rises over the first, the average spans the second. */
const warmupShare = 1 / 20;
const averageShare = 1 / 10;

/** What ML-1M learns in 32 epochs; on Amazon Beauty, with a fifth of its places, validation still rises after 60. */
const placesInAll = 20_400_000;
const fewestEpochs = 32;
const mostEpochs = 64;
/** Multiplications that softmax over the whole catalogue may take in a training: ML-1M's 4.5e12 are a few minutes. */
const softmaxBudget = 5e12;
const drawnNegatives = 1024;

/** What a training costs: places of histories that an epoch learns from, items, and numbers an item. */
export type TrainingSize = { places: number; items: number; dimension: number };

/**
 * The training as far as there is data for it. What suits a million choices barely trains a network on ten
 * thousand: smaller batches give it more steps, and warm-up and average take no more than their share of them.
 * Served NDCG@10 of two simulated audiences of 1,000 viewers: .0475 and .0559 without this, .0533 and .0640 with it; of
 * four of 300 viewers .058 and .059 on average, which is no difference there. ML-1M, with 640,000 places, has enough.
 */
export function fittingTraining(training: TrainingParameters, size: TrainingSize): FittedTraining {
  const { places } = size;
  const tokens = Math.min(training.tokens, Math.max(minTokens, Math.round(places / stepsAnEpoch)));
  const epochs = training.epochs === "auto" ? epochsFor(places) : training.epochs;
  const steps = epochs * Math.ceil(places / tokens);
  return {
    ...training,
    ...{ epochs, tokens, negatives: negativesFor(training, epochs, size) },
    warmup: Math.min(training.warmup, Math.round(warmupShare * steps)),
    averageDecay: Math.min(training.averageDecay, Math.max(0, 1 - 1 / (averageShare * steps))),
  };
}

const epochsFor = (places: number): number =>
  Math.min(mostEpochs, Math.max(fewestEpochs, Math.round(placesInAll / places)));

/** How many negatives are drawn; 0: softmax over the whole catalogue. */
function negativesFor(
  { negatives }: TrainingParameters,
  epochs: number,
  { places, items, dimension }: TrainingSize,
): number {
  if (negatives !== "auto") return negatives >= items ? 0 : negatives;
  return items <= drawnNegatives || epochs * places * items * dimension <= softmaxBudget ? 0 : drawnNegatives;
}

/**
 * The parameters as far as this catalogue allows them.
 * @param onNotice receives deviations from the request
 */
export function fittingParameters(
  parameters: TransformerParameters,
  { negatives }: FittedTraining,
  items: number,
  onNotice: (message: string) => void,
): TransformerParameters {
  if (!parameters.markovPrior || negatives > 0 || items <= tableLimit) return parameters;
  onNotice(
    `no Markov prior: over a whole catalogue it is learned for at most ${tableLimit} items, and there are ${items}; give "negatives", among which it has no limit`,
  );
  return { ...parameters, markovPrior: false };
}
