import { liftOf } from "../../models/expert.ts";
import { largestScore, type Markov } from "../../models/markov.ts";
import { ownShare } from "../../models/transformer/markov-prior.ts";

/** The Markov prior of a network that has one. */
export type Prior = { markov: Markov; epsilon: number };

/** What follows an item among the drawn ones: their places in the draw, and the shares. */
type Followers = { places: number[]; shares: number[] };

/**
 * How much a prior lifts drawn items after the histories of one batch. Whatever follows an item is looked through once for
 * all places of the batch: that is most of the work.
 */
export class NegativeLifts {
  readonly #prior: Prior;
  readonly #negatives: Int32Array;
  /** Where each item was drawn. */
  readonly #drawn = new Map<number, number[]>();
  readonly #followers = new Map<number, Followers>();

  constructor(prior: Prior, negatives: Int32Array) {
    this.#prior = prior;
    this.#negatives = negatives;
    for (const [place, item] of negatives.entries()) {
      const places = this.#drawn.get(item);
      if (places === undefined) this.#drawn.set(item, [place]);
      else places.push(place);
    }
  }

  /** Writes the lift of each drawn item after `history` into a row of zeros. */
  write(history: Int32Array, lifts: Float32Array): void {
    const { markov, epsilon } = this.#prior;
    const { memory, memoryDecay } = markov.parameters;
    let factor = 1 / largestScore(markov.parameters);
    for (let at = history.length - 1; at >= Math.max(0, history.length - memory); at--) {
      const { places, shares } = this.#followersOf(history[at]!);
      for (let index = 0; index < places.length; index++) lifts[places[index]!]! += factor * shares[index]!;
      factor *= memoryDecay;
    }
    for (let place = 0; place < this.#negatives.length; place++)
      if (lifts[place] !== 0) lifts[place] = liftOf(lifts[place]!, epsilon);
  }

  /** The lift of what did come after `history`, without what that itself has taught the prior. */
  ofTarget(history: Int32Array, target: number): number {
    const { markov, epsilon } = this.#prior;
    const { memory, memoryDecay } = markov.parameters;
    let factor = 1 / largestScore(markov.parameters);
    let share = -ownShare(markov, history);
    for (let at = history.length - 1; at >= Math.max(0, history.length - memory); at--) {
      const row = markov.followers(history[at]!);
      if (row !== undefined) share += (factor * row.at(target)) / row.total;
      factor *= memoryDecay;
    }
    return liftOf(Math.max(0, share), epsilon);
  }

  #followersOf(item: number): Followers {
    const known = this.#followers.get(item);
    if (known !== undefined) return known;
    const found: Followers = { places: [], shares: [] };
    const row = this.#prior.markov.followers(item);
    row?.each((follower, count) => {
      for (const place of this.#drawn.get(follower) ?? []) {
        found.places.push(place);
        found.shares.push(count / row.total);
      }
    });
    this.#followers.set(item, found);
    return found;
  }
}
