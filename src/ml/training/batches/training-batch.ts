import type { Random } from "../../../base/random.ts";
import { type Dataset, historyOf, itemCounts } from "../../dataset.ts";
import type { HostTensors, TensorForm } from "../../engines/host-tensor.ts";
import type { Markov } from "../../models/markov.ts";
import { ownShare, writePriorRows } from "../../models/transformer/markov-prior.ts";
import type { Row } from "./pack-histories.ts";

/** The sizes of every batch of a training. */
export type BatchForm = {
  rows: number;
  /** Places a row. */
  width: number;
  /** 0: softmax over the whole catalogue. */
  negatives: number;
  /** Of a Markov prior; 0: none. */
  memory: number;
};

/** The forms of what a batch holds, for the definition of the step. */
export function inputForms({ rows, width, negatives, memory }: BatchForm): Record<string, TensorForm> {
  const places = rows * width;
  const int = (...shape: number[]): TensorForm => ({ shape, type: "int32" });
  const float = (...shape: number[]): TensorForm => ({ shape, type: "float32" });
  return {
    ids: int(places),
    targets: int(places),
    positions: int(places),
    segments: float(rows, width),
    weights: float(places, 1),
    ...(negatives > 0
      ? { negatives: int(negatives), negativeLogs: float(negatives), targetLogs: float(places) }
      : {}),
    ...(memory > 0 ? { priorRows: int(places, memory), ownShares: float(places) } : {}),
  };
}

/** How many places a user contributes: each predicts the item after it. */
export const windowLength = (history: Int32Array, context: number): number =>
  Math.max(0, Math.min(context, history.length - 1));

/**
 * Makes batches of packed rows.
 * @param markov of the prior, if the network has one
 */
export function batchMaker(train: Dataset, form: BatchForm, context: number, markov: Markov | undefined) {
  const { rows, width, negatives, memory } = form;
  const places = rows * width;
  const sampler = negatives > 0 ? negativeSampler(train) : undefined;
  return (some: readonly Row[], random: Random): { inputs: HostTensors; tokens: number } => {
    const ids = new Int32Array(places);
    const targets = new Int32Array(places);
    const positions = new Int32Array(places);
    // Places without a user see themselves alone.
    const segments = new Float32Array(places).fill(-1);
    const priorRows = new Int32Array(places * memory).fill(memory * train.items.length);
    const ownShares = new Float32Array(memory > 0 ? places : 0);
    let tokens = 0;
    const filled: number[] = [];
    for (const [row, users] of some.entries()) {
      let place = row * width;
      for (const [segment, user] of users.entries()) {
        const history = historyOf(train, user);
        const length = windowLength(history, context);
        const start = history.length - 1 - length;
        for (let at = 0; at < length; at++, place++) {
          ids[place] = history[start + at]!;
          targets[place] = history[start + at + 1]!;
          positions[place] = at;
          segments[place] = segment;
          filled.push(place);
          if (markov === undefined || memory === 0) continue;
          const before = history.subarray(0, start + at + 1);
          writePriorRows(markov, before, priorRows.subarray(place * memory, (place + 1) * memory));
          ownShares[place] = ownShare(markov, before);
        }
        tokens += length;
      }
    }
    const weights = new Float32Array(places);
    for (const place of filled) weights[place] = 1 / tokens;
    return {
      tokens,
      inputs: {
        ids: { shape: [places], values: ids },
        targets: { shape: [places], values: targets },
        positions: { shape: [places], values: positions },
        segments: { shape: [rows, width], values: segments },
        weights: { shape: [places, 1], values: weights },
        ...(sampler ? sampler(negatives, targets, random) : {}),
        ...(memory > 0
          ? {
              priorRows: { shape: [places, memory], values: priorRows },
              ownShares: { shape: [places], values: ownShares },
            }
          : {}),
      },
    };
  };
}

/** Popular items are drawn more often, though less than they are popular (word2vec, Mikolov et al., 2013). */
const samplingPower = 0.75;

/** Draws negatives, with the logarithm of how often each item is expected among them: the correction by logQ. */
function negativeSampler(train: Dataset) {
  const shares = Float64Array.from(itemCounts(train), (count) => Math.max(count, 1) ** samplingPower);
  const cumulative = new Float64Array(shares.length);
  let total = 0;
  for (const [item, share] of shares.entries()) {
    total += share;
    cumulative[item] = total;
  }
  return (count: number, targets: Int32Array, random: Random): HostTensors => {
    const expected = (item: number) => Math.log((count * shares[item]!) / total);
    const drawn = Int32Array.from({ length: count }, () => random.weighted(cumulative));
    return {
      negatives: { shape: [count], values: drawn },
      negativeLogs: { shape: [count], values: Float32Array.from(drawn, expected) },
      targetLogs: { shape: [targets.length], values: Float32Array.from(targets, expected) },
    };
  };
}
