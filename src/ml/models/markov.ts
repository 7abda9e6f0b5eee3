import { type Dataset, historyOf } from "../dataset.ts";
import { SparseRow } from "../sparse-row.ts";
import type { BaselineParameters } from "./parameters.ts";
import type { Recommender } from "./recommender.ts";

type Parameters = BaselineParameters["markov"];

/**
 * What tends to follow the last few items: co-visitation with a direction. Learns from one event at a time, so it
 * also serves while a larger model waits for its training.
 *
 * A pair `distance` apart counts `reachDecay ** (distance - 1)`; the score of an item is the sum over the last
 * `memory` items of `memoryDecay ** (steps back) * P(item | that one)`.
 */
export class Markov implements Recommender {
  readonly name = "Markov";
  readonly items: number;
  readonly #parameters: Parameters;
  /** Transitions out of each item: how often each other one followed, decayed by distance. */
  readonly #rows = new Map<number, SparseRow>();

  constructor(items: number, parameters: Parameters) {
    this.items = items;
    this.#parameters = parameters;
  }

  /** Learns that `item` came after `history` (oldest first). */
  observe(history: Int32Array, item: number): void {
    const { reach, reachDecay } = this.#parameters;
    let weight = 1;
    for (let at = history.length - 1; at >= Math.max(0, history.length - reach); at--) {
      this.#rowOf(history[at]!).add(item, weight);
      weight *= reachDecay;
    }
  }

  async score(histories: readonly Int32Array[]): Promise<Float32Array> {
    const scores = new Float32Array(histories.length * this.items);
    const { memory, memoryDecay } = this.#parameters;
    for (const [index, history] of histories.entries()) {
      const scored = scores.subarray(index * this.items, (index + 1) * this.items);
      let weight = 1;
      for (let at = history.length - 1; at >= Math.max(0, history.length - memory); at--) {
        const row = this.#rows.get(history[at]!);
        row?.addTo(scored, weight / row.total);
        weight *= memoryDecay;
      }
    }
    return scores;
  }

  #rowOf(item: number): SparseRow {
    const known = this.#rows.get(item);
    if (known !== undefined) return known;
    const row = new SparseRow();
    this.#rows.set(item, row);
    return row;
  }
}

export function fitMarkov(train: Dataset, parameters: Parameters): Markov {
  const markov = new Markov(train.items.length, parameters);
  for (let user = 0; user < train.users.length; user++) {
    const history = historyOf(train, user);
    for (let at = 1; at < history.length; at++) markov.observe(history.subarray(0, at), history[at]!);
  }
  return markov;
}
