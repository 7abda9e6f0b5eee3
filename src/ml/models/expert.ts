import { SparseSum } from "../sparse/sparse-sum.ts";

/** A model that knows something of a few items after each history, and nothing of all others. */
export interface Expert {
  readonly items: number;
  /** Adds its shares of the items that it expects next; they sum to 1 at most. */
  addShares(history: Int32Array, sum: SparseSum): void;
}

/** How an expert's shares enter logits: `weight * log(share + epsilon)`. */
export type ExpertWeight = { weight: number; epsilon: number };

/**
 * How much a share lifts a logit: log(share + epsilon) - log(epsilon). The constant changes no softmax, and with it
 * nothing has to be done for the items of which the expert knows nothing: most of a catalogue.
 */
export const liftOf = (share: number, epsilon: number): number => Math.log1p(share / epsilon);

/** Lets an expert change the logits after each history, row after row, in place. */
export function addLifts(
  expert: Expert,
  histories: readonly Int32Array[],
  logits: Float32Array,
  { weight, epsilon }: ExpertWeight,
): void {
  if (weight === 0) return;
  const sum = new SparseSum(expert.items);
  for (const [row, history] of histories.entries()) {
    expert.addShares(history, sum);
    const start = row * expert.items;
    sum.drain((item, share) => {
      logits[start + item]! += weight * liftOf(share, epsilon);
    });
  }
}
