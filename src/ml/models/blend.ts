import { addLifts } from "./expert.ts";
import { logSoftmaxRows } from "./log-softmax.ts";
import type { Markov } from "./markov.ts";
import type { Recommender } from "./recommender.ts";

export type BlendParts = {
  /** Their scores are logits; the mean of their log-probabilities is taken. */
  networks: readonly Recommender[];
  markov: Markov;
};

export type BlendWeights = {
  /** Of the logarithm of Markov's probability. */
  markovWeight: number;
  /** Added to that probability first. */
  markovEpsilon: number;
};

/**
 * A product of experts: the geometric mean of the networks' probabilities, times a power of Markov's. Networks
 * that err differently compensate for each other, and Markov knows transitions that are too rare for them.
 * @source Hinton, "Products of Experts", 1999
 */
export class Blend implements Recommender {
  readonly name: string;
  readonly scale = "logits";
  readonly items: number;
  readonly parts: BlendParts;
  readonly weights: BlendWeights;

  constructor(parts: BlendParts, weights: BlendWeights) {
    this.name = parts.networks.length === 1 ? "Blend" : `Blend of ${parts.networks.length}`;
    this.items = parts.markov.items;
    this.parts = parts;
    this.weights = weights;
  }

  /** The same weights over other parts. */
  with(parts: BlendParts): Blend {
    return new Blend(parts, this.weights);
  }

  async score(histories: readonly Int32Array[]): Promise<Float32Array> {
    const { networks, markov } = this.parts;
    const scores = await meanLogProbabilities(networks, histories);
    const { markovWeight, markovEpsilon } = this.weights;
    addLifts(markov, histories, scores, { weight: markovWeight, epsilon: markovEpsilon });
    return scores;
  }

  [Symbol.dispose](): void {
    for (const network of this.parts.networks) network[Symbol.dispose]?.();
  }
}

/** The mean of an ensemble's log-probabilities. */
export async function meanLogProbabilities(
  networks: readonly Recommender[],
  histories: readonly Int32Array[],
): Promise<Float32Array> {
  const sum = new Float32Array(histories.length * networks[0]!.items);
  for (const network of networks) {
    const scores = logSoftmaxRows(await network.score(histories), network.items);
    for (let index = 0; index < sum.length; index++) sum[index]! += scores[index]! / networks.length;
  }
  return sum;
}
