import type { HostTensor } from "../../engines/host-tensor.ts";
import { largestScore, type Markov } from "../markov.ts";

/** Beyond this catalogue the table would take more than 400 MB: the prior is learned among drawn negatives there. */
export const tableLimit = 4_400;

/**
 * Markov's probabilities as a dense table, once for each place in the history that counts; the sum of its rows is a
 * prior: row `back * items + item` is what follows an item seen `back` places ago. The last row is empty.
 */
export function priorTable(markov: Markov): HostTensor {
  const { items, parameters } = markov;
  const rows = parameters.memory * items + 1;
  const values = new Float32Array(rows * items);
  for (let back = 0; back < parameters.memory; back++) {
    const share = parameters.memoryDecay ** back / largestScore(parameters);
    for (let item = 0; item < items; item++) {
      const start = (back * items + item) * items;
      markov.addFollowers(item, values.subarray(start, start + items), share);
    }
  }
  return { shape: [rows, items], values };
}

/** Writes the rows of the table that make the prior after `history`, most recent item first. */
export function writePriorRows(markov: Markov, history: Int32Array, rows: Int32Array): void {
  const { items, parameters } = markov;
  for (let back = 0; back < parameters.memory; back++) {
    const item = history[history.length - 1 - back];
    rows[back] = item === undefined ? parameters.memory * items : back * items + item;
  }
}

/**
 * What the transition from `history` to its next item itself has added to that item's prior: training takes it away,
 * or the prior would know the answer.
 */
export function ownShare(markov: Markov, history: Int32Array): number {
  const { memory, memoryDecay, reach, reachDecay } = markov.parameters;
  let share = 0;
  for (let back = 0; back < Math.min(memory, reach, history.length); back++) {
    const total = markov.followers(history[history.length - 1 - back]!)?.total ?? 0;
    if (total > 0) share += (memoryDecay ** back * reachDecay ** back) / total;
  }
  return share / largestScore(markov.parameters);
}
