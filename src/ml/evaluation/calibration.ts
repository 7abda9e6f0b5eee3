import type { Scale } from "../models/recommender.ts";

/** Predictions of like probability: how many, what was expected on average, and how often it happened. */
export type Bin = { count: number; expected: number; happened: number };

/** Probabilities beside outcomes. */
export type Reliability = {
  expected: number;
  happened: number;
  /** The expected calibration error: what is expected less what happened, without its sign, over the bins. */
  error: number;
  /** Of as many predictions each, by rising probability. */
  bins: Bin[];
};

export type Calibration = {
  /** The mean of -ln of the probability of what was chosen. */
  logLoss: number;
  /** For each of the listed items: is it the one that was chosen? */
  items: Reliability;
  /** For the first of the list, and for the list as a whole: does it hold what was chosen? */
  first: Reliability;
  list: Reliability;
};

const bins = 10;
/** Keeps the log loss finite. */
const minProbability = 1e-12;

/**
 * Collects what a model expects of its lists, and what happened.
 * @source Guo et al., "On Calibration of Modern Neural Networks", 2017; bins of equal mass: Nixon et al., "Measuring
 * Calibration in Deep Learning", 2019
 */
export class CalibrationTally {
  readonly #scale: Scale;
  readonly #items = new Predictions();
  readonly #first = new Predictions();
  readonly #list = new Predictions();
  #loss = 0;
  #cases = 0;

  constructor(scale: Scale) {
    this.#scale = scale;
  }

  /**
   * @param scores of every item, minus infinity for excluded items
   * @param list what would be shown, best first
   */
  add(scores: Float32Array, list: Int32Array, target: number): void {
    const probability = toProbabilities(scores, this.#scale);
    let mass = 0;
    for (const item of list) {
      mass += probability(item);
      this.#items.add(probability(item), item === target);
    }
    if (list.length > 0) this.#first.add(probability(list[0]!), list[0] === target);
    this.#list.add(mass, list.includes(target));
    this.#loss -= Math.log(Math.max(minProbability, probability(target)));
    this.#cases++;
  }

  result(): Calibration {
    return {
      logLoss: this.#loss / this.#cases,
      items: this.#items.reliability(),
      first: this.#first.reliability(),
      list: this.#list.reliability(),
    };
  }
}

/** Where all weights are 0, all items are equally likely. */
function toProbabilities(scores: Float32Array, scale: Scale): (item: number) => number {
  const highest = scores.reduce((one, other) => Math.max(one, other), Number.NEGATIVE_INFINITY);
  const weight = (score: number) => (scale === "logits" ? Math.exp(score - highest) : Math.max(0, score));
  let total = 0;
  let candidates = 0;
  for (const score of scores) {
    if (score === Number.NEGATIVE_INFINITY) continue;
    total += weight(score);
    candidates++;
  }
  return (item) => (total > 0 ? weight(scores[item]!) / total : 1 / candidates);
}

class Predictions {
  readonly #all: { expected: number; happened: number }[] = [];

  add(expected: number, happened: boolean): void {
    this.#all.push({ expected, happened: happened ? 1 : 0 });
  }

  reliability(): Reliability {
    const sorted = this.#all.toSorted((one, other) => one.expected - other.expected);
    const edges = Array.from({ length: bins + 1 }, (_, bin) => Math.round((bin * sorted.length) / bins));
    const found = edges.slice(1).flatMap((end, bin): Bin[] => {
      const some = sorted.slice(edges[bin], end);
      return some.length === 0 ? [] : [{ count: some.length, ...meansOf(some) }];
    });
    const gaps = found.reduce(
      (sum, { count, expected, happened }) => sum + count * Math.abs(expected - happened),
      0,
    );
    return { ...meansOf(sorted), error: gaps / Math.max(1, sorted.length), bins: found };
  }
}

function meansOf(predictions: readonly { expected: number; happened: number }[]) {
  const mean = (name: "expected" | "happened") =>
    predictions.reduce((sum, prediction) => sum + prediction[name], 0) / Math.max(1, predictions.length);
  return { expected: mean("expected"), happened: mean("happened") };
}
