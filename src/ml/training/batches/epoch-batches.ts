import { type Random, seeded } from "../../../base/random.ts";
import { TypedError } from "../../../base/typed-error.ts";
import { type Dataset, historyOf } from "../../dataset.ts";
import type { HostTensors } from "../../engines/host-tensor.ts";
import type { FittedTraining } from "../parameters/training-parameters.ts";
import type { Prior } from "./negative-lifts.ts";
import { packHistories, type Row } from "./pack-histories.ts";
import { type BatchForm, batchMaker, windowLength } from "./training-batch.ts";

/** What the epochs of a training consist of: the same for the same seed, from any place on. */
export type EpochBatches = {
  form: BatchForm;
  /** The rows of an epoch, packed and shuffled. */
  rows: (epoch: number) => Row[];
  /** @param step of the whole training, for what is drawn */
  batch: (rows: readonly Row[], index: number, step: number) => { inputs: HostTensors; tokens: number };
};

/** Places of histories that teach something. */
export const placesOf = (train: Dataset, context: number): number =>
  train.users.reduce((sum, _, user) => sum + windowLength(historyOf(train, user), context), 0);

/**
 * @param options.prior if the network has one
 * @param options.choose which users an epoch learns from; all of them without it
 * @throws TypedError DATASET_TOO_SMALL
 */
export function epochBatches(
  train: Dataset,
  {
    context,
    training,
    seed,
    prior,
    choose,
  }: {
    context: number;
    training: FittedTraining;
    seed: number;
    prior: Prior | undefined;
    choose: ((random: Random) => (user: number) => boolean) | undefined;
  },
): EpochBatches {
  const lengths = Uint32Array.from(train.users, (_, user) => windowLength(historyOf(train, user), context));
  const form = batchForm(lengths, prior, training);
  const make = batchMaker(train, form, context, prior);
  return {
    form,
    rows(epoch) {
      // Each epoch draws from a seed of its own, so that one can be taken up in its middle.
      const random = seeded(seed * 100_003 + epoch);
      const chosen = choose?.(random);
      const own = chosen ? lengths.map((length, user) => (chosen(user) ? length : 0)) : lengths;
      return packHistories(own, form.width, random);
    },
    batch: (rows, index, step) =>
      make(rows.slice(index * form.rows, (index + 1) * form.rows), seeded(seed * 100_019 + step)),
  };
}

function batchForm(lengths: Uint32Array, prior: Prior | undefined, training: FittedTraining): BatchForm {
  const width = lengths.reduce((longest, length) => Math.max(longest, length), 0);
  if (width === 0)
    throw new TypedError("DATASET_TOO_SMALL", "no user has two items: there is no order to learn");
  const all = lengths.reduce((sum, length) => sum + length, 0);
  const rows = Math.max(1, Math.round(Math.min(training.tokens, all) / width));
  return { rows, width, negatives: training.negatives, memory: prior?.markov.parameters.memory ?? 0 };
}
