import type { Random } from "../../../base/random.ts";
import { type Dataset, historyOf, itemCounts } from "../../dataset.ts";
import type { HostTensors, TensorForm } from "../../engines/host-tensor.ts";
import { ownShare, writePriorRows } from "../../models/transformer/markov-prior.ts";
import { NegativeLifts, type Prior } from "./negative-lifts.ts";
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
    ...priorForms(),
  };

  /** A table on the engine is summed up over the whole catalogue; of drawn negatives each is lifted here. */
  function priorForms(): Record<string, TensorForm> {
    if (memory === 0) return {};
    return negatives > 0
      ? { targetLifts: float(places), negativeLifts: float(places, negatives) }
      : { priorRows: int(places, memory), ownShares: float(places) };
  }
}

/** How many places a user contributes: each predicts the item after it. */
export const windowLength = (history: Int32Array, context: number): number =>
  Math.max(0, Math.min(context, history.length - 1));

/** Makes batches of packed rows. */
export function batchMaker(train: Dataset, form: BatchForm, context: number, prior: Prior | undefined) {
  const { rows, width, negatives, memory } = form;
  const places = rows * width;
  const sampler = negatives > 0 ? negativeSampler(train) : undefined;
  return (some: readonly Row[], random: Random): { inputs: HostTensors; tokens: number } => {
    const ids = new Int32Array(places);
    const targets = new Int32Array(places);
    const positions = new Int32Array(places);
    // Places without a user see themselves alone.
    const segments = new Float32Array(places).fill(-1);
    let tokens = 0;
    const filled: Place[] = [];
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
          filled.push({ place, history: history.subarray(0, start + at + 1), target: targets[place]! });
        }
        tokens += length;
      }
    }
    const weights = new Float32Array(places);
    for (const { place } of filled) weights[place] = 1 / tokens;
    const drawn = sampler?.(negatives, targets, random);
    return {
      tokens,
      inputs: {
        ids: { shape: [places], values: ids },
        targets: { shape: [places], values: targets },
        positions: { shape: [places], values: positions },
        segments: { shape: [rows, width], values: segments },
        weights: { shape: [places, 1], values: weights },
        ...drawn,
        ...(prior && memory > 0 ? priorOf(prior, filled, drawn?.negatives) : {}),
      },
    };
  };

  function priorOf(
    prior: Prior,
    filled: readonly Place[],
    drawn: HostTensors[string] | undefined,
  ): HostTensors {
    if (drawn === undefined) {
      const { markov } = prior;
      const priorRows = new Int32Array(places * memory).fill(memory * train.items.length);
      const ownShares = new Float32Array(places);
      for (const { place, history } of filled) {
        writePriorRows(markov, history, priorRows.subarray(place * memory, (place + 1) * memory));
        ownShares[place] = ownShare(markov, history);
      }
      return {
        priorRows: { shape: [places, memory], values: priorRows },
        ownShares: { shape: [places], values: ownShares },
      };
    }
    const targetLifts = new Float32Array(places);
    const negativeLifts = new Float32Array(places * negatives);
    const lifts = new NegativeLifts(prior, drawn.values as Int32Array);
    for (const { place, history, target } of filled) {
      lifts.write(history, negativeLifts.subarray(place * negatives, (place + 1) * negatives));
      targetLifts[place] = lifts.ofTarget(history, target);
    }
    return {
      targetLifts: { shape: [places], values: targetLifts },
      negativeLifts: { shape: [places, negatives], values: negativeLifts },
    };
  }
}

/** A place of a batch that teaches: what comes after which history. */
type Place = { place: number; history: Int32Array; target: number };

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
  return (count: number, targets: Int32Array, random: Random) => {
    const expected = (item: number) => Math.log((count * shares[item]!) / total);
    const drawn = Int32Array.from({ length: count }, () => random.weighted(cumulative));
    return {
      negatives: { shape: [count], values: drawn },
      negativeLogs: { shape: [count], values: Float32Array.from(drawn, expected) },
      targetLogs: { shape: [targets.length], values: Float32Array.from(targets, expected) },
    };
  };
}
