import { type Dataset, historyOf } from "../dataset.ts";
import type { HostTensors } from "../engines/host-tensor.ts";
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
  readonly scale = "weights";
  readonly items: number;
  readonly parameters: Parameters;
  /** Transitions out of each item: how often each other one followed, decayed by distance. */
  readonly #rows = new Map<number, SparseRow>();

  constructor(items: number, parameters: Parameters) {
    this.items = items;
    this.parameters = parameters;
  }

  /** Learns that `item` came after `history` (oldest first). */
  observe(history: Int32Array, item: number): void {
    const { reach, reachDecay } = this.parameters;
    let weight = 1;
    for (let at = history.length - 1; at >= Math.max(0, history.length - reach); at--) {
      this.#rowOf(history[at]!).add(item, weight);
      weight *= reachDecay;
    }
  }

  async score(histories: readonly Int32Array[]): Promise<Float32Array> {
    const scores = new Float32Array(histories.length * this.items);
    const { memory, memoryDecay } = this.parameters;
    for (const [index, history] of histories.entries()) {
      const scored = scores.subarray(index * this.items, (index + 1) * this.items);
      let weight = 1;
      for (let at = history.length - 1; at >= Math.max(0, history.length - memory); at--) {
        this.addFollowers(history[at]!, scored, weight);
        weight *= memoryDecay;
      }
    }
    return scores;
  }

  /** Adds `factor` times the probability of every item after this one. */
  addFollowers(item: number, scores: Float32Array, factor: number): void {
    const row = this.#rows.get(item);
    row?.addTo(scores, factor / row.total);
  }

  /** Of the transitions out of an item, their decayed number. */
  totalOf(item: number): number {
    return this.#rows.get(item)?.total ?? 0;
  }

  /** All transitions by the item that they leave: rows of a sparse matrix. */
  save(): HostTensors {
    const offsets = new Int32Array(this.items + 1);
    for (let item = 0; item < this.items; item++)
      offsets[item + 1] = offsets[item]! + (this.#rows.get(item)?.size ?? 0);
    const followers = new Int32Array(offsets[this.items]!);
    const counts = new Float32Array(followers.length);
    for (const [item, row] of this.#rows) {
      let at = offsets[item]!;
      for (const [follower, count] of row.entries()) {
        followers[at] = follower;
        counts[at++] = count;
      }
    }
    return {
      offsets: { shape: [offsets.length], values: offsets },
      followers: { shape: [followers.length], values: followers },
      counts: { shape: [counts.length], values: counts },
    };
  }

  /** @throws RangeError when the tensors are not what save() gives */
  static restore(items: number, parameters: Parameters, tensors: HostTensors): Markov {
    const markov = new Markov(items, parameters);
    const [offsets, followers, counts] = ["offsets", "followers", "counts"].map(
      (name) => tensors[name]?.values,
    );
    if (offsets?.length !== items + 1 || followers === undefined || followers.length !== counts?.length)
      throw new RangeError(`its transitions do not fit to ${items} items`);
    for (let item = 0; item < items; item++)
      for (let at = offsets[item]!; at < offsets[item + 1]!; at++) {
        if (!(followers[at]! >= 0 && followers[at]! < items)) throw new RangeError("a transition to no item");
        markov.#rowOf(item).add(followers[at]!, counts[at]!);
      }
    return markov;
  }

  /** The same model by other numbers: item i becomes `numbers[i]`, -1 leaves it out. */
  static renumbered(markov: Markov, numbers: Int32Array, items: number): Markov {
    const result = new Markov(items, markov.parameters);
    for (const [item, row] of markov.#rows)
      for (const [follower, count] of row.entries())
        if (numbers[item]! >= 0 && numbers[follower]! >= 0)
          result.#rowOf(numbers[item]!).add(numbers[follower]!, count);
    return result;
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
