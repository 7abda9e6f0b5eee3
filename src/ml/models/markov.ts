import { type Dataset, historyOf } from "../dataset.ts";
import type { HostTensors } from "../engines/host-tensor.ts";
import { SparseMatrix } from "../sparse/sparse-matrix.ts";
import type { SparseRow } from "../sparse/sparse-row.ts";
import type { SparseSum } from "../sparse/sparse-sum.ts";
import type { Expert } from "./expert.ts";
import type { BaselineParameters } from "./parameters.ts";
import type { Recommender } from "./recommender.ts";

type Parameters = BaselineParameters["markov"];

/** Upper bound of the sum of a viewer's scores, by which they become shares. */
export const largestScore = ({ memory, memoryDecay }: Parameters): number => {
  let sum = 0;
  for (let back = 0; back < memory; back++) sum += memoryDecay ** back;
  return sum;
};

/**
 * What tends to follow the last few items: co-visitation with a direction. Learns from one event at a time, so it
 * also serves while a larger model waits for its training.
 *
 * A pair `distance` apart counts `reachDecay ** (distance - 1)`; the score of an item is the sum over the last
 * `memory` items of `memoryDecay ** (steps back) * P(item | that one)`.
 */
export class Markov implements Recommender, Expert {
  readonly name = "Markov";
  readonly scale = "weights";
  readonly items: number;
  readonly parameters: Parameters;
  /** Transitions out of each item: how often each other one followed, decayed by distance. */
  readonly #transitions: SparseMatrix;

  constructor(items: number, parameters: Parameters, transitions = new SparseMatrix(items)) {
    this.items = items;
    this.parameters = parameters;
    this.#transitions = transitions;
  }

  /** Learns that `item` came after `history` (oldest first). */
  observe(history: Int32Array, item: number): void {
    const { reach, reachDecay } = this.parameters;
    let weight = 1;
    for (let at = history.length - 1; at >= Math.max(0, history.length - reach); at--) {
      this.#transitions.add(history[at]!, item, weight);
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

  addShares(history: Int32Array, sum: SparseSum): void {
    const { memory, memoryDecay } = this.parameters;
    let share = 1 / largestScore(this.parameters);
    for (let at = history.length - 1; at >= Math.max(0, history.length - memory); at--) {
      const row = this.followers(history[at]!);
      if (row !== undefined) sum.add(row, share / row.total);
      share *= memoryDecay;
    }
  }

  /** Adds `factor` times the probability of every item after this one. */
  addFollowers(item: number, scores: Float32Array, factor: number): void {
    const row = this.followers(item);
    row?.addTo(scores, factor / row.total);
  }

  /** What followed an item: the decayed number of transitions, not yet divided by their total. */
  followers(item: number): SparseRow | undefined {
    return this.#transitions.row(item);
  }

  /** All transitions by the item that they leave: rows of a sparse matrix. */
  save(): HostTensors {
    return this.#transitions.save();
  }

  /** @throws RangeError when the tensors are not what save() gives */
  static restore(items: number, parameters: Parameters, tensors: HostTensors): Markov {
    return new Markov(items, parameters, SparseMatrix.restore(items, tensors));
  }

  /** The same model by other numbers: item i becomes `numbers[i]`, -1 leaves it out. */
  static renumbered(markov: Markov, numbers: Int32Array, items: number): Markov {
    return new Markov(items, markov.parameters, markov.#transitions.renumbered(numbers, items));
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
