/** Of logits the softmax, of weights the share is a probability. */
export type Scale = "logits" | "weights";

/**
 * A model that predicts what a user will choose next.
 */
export interface Recommender {
  readonly name: string;
  /** Items of the catalogue it was fitted on. */
  readonly items: number;
  /** How its scores become probabilities of being chosen next; absent where they are none. */
  readonly scale?: Scale;
  /**
   * Scores every item after each history (oldest first; may be empty): row after row, `items` long, higher is
   * better. What the history holds is scored, too: the caller leaves it out.
   */
  score(histories: readonly Int32Array[]): Promise<Float32Array>;
  /** Frees the memory of its engine, where it has one. */
  [Symbol.dispose]?(): void;
}

/** A recommender that scores one history at a time into a row of zeros. */
export function rowByRow(
  name: string,
  items: number,
  scoreRow: (history: Int32Array, row: Float32Array) => void,
  scale?: Scale,
): Recommender {
  return {
    name,
    items,
    ...(scale === undefined ? {} : { scale }),
    async score(histories) {
      const scores = new Float32Array(histories.length * items);
      for (const [index, history] of histories.entries())
        scoreRow(history, scores.subarray(index * items, (index + 1) * items));
      return scores;
    },
  };
}
