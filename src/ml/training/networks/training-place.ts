import { z } from "zod";
import type { TrainingParameters } from "../parameters/training-parameters.ts";

/** One look at the validation items. */
export const CurvePoint = z.strictObject({
  epoch: z.int(),
  /** Mean over the epoch. */
  loss: z.number(),
  /** Absent in epochs without a look. */
  ndcg: z.number().optional(),
  hitRate: z.number().optional(),
});
export type CurvePoint = z.output<typeof CurvePoint>;

/** How far a training has come. */
export const TrainingPlace = z.strictObject({
  steps: z.int(),
  /** The epoch that is under way, and how many of its batches are done, with the sum of their losses. */
  epoch: z.int(),
  batches: z.int(),
  lossSum: z.number(),
  curve: z.array(CurvePoint),
  /** Spent so far. */
  seconds: z.number(),
  /** Looks since the best one. */
  looksSinceBest: z.int(),
});
export type TrainingPlace = z.output<typeof TrainingPlace>;

export const firstPlace: TrainingPlace = {
  ...{ steps: 0, epoch: 0, batches: 0, lossSum: 0 },
  ...{ seconds: 0, curve: [], looksSinceBest: 0 },
};

export const isFinished = (
  { epoch, looksSinceBest }: TrainingPlace,
  { epochs, patience }: Pick<TrainingParameters, "epochs" | "patience">,
): boolean => epoch >= epochs || looksSinceBest >= patience;

export const afterBatch = (place: TrainingPlace, loss: number): TrainingPlace => ({
  ...place,
  steps: place.steps + 1,
  batches: place.batches + 1,
  lossSum: place.lossSum + loss,
});

/**
 * The place at the beginning of the next epoch.
 * @param seen what the look at the validation items showed, where one was due
 */
export function afterEpoch(
  place: TrainingPlace,
  seen: { ndcg: number; hitRate: number } | undefined,
): TrainingPlace {
  const { epoch, batches, lossSum, curve, looksSinceBest } = place;
  const point: CurvePoint = { epoch: epoch + 1, loss: lossSum / batches, ...seen };
  return {
    ...{ ...place, epoch: epoch + 1, batches: 0, lossSum: 0 },
    curve: [...curve, point],
    looksSinceBest: seen === undefined ? looksSinceBest : isBetter(seen.ndcg, curve) ? 0 : looksSinceBest + 1,
  };
}

/** Whether the validation items are due after the epoch that is under way. */
export const lookIsDue = (
  { epoch }: TrainingPlace,
  { epochs, evaluateEvery }: Pick<TrainingParameters, "epochs" | "evaluateEvery">,
): boolean => epoch + 1 === epochs || (epoch + 1) % evaluateEvery === 0;

export const isBetter = (ndcg: number, curve: readonly CurvePoint[]): boolean =>
  ndcg > (bestOf(curve)?.ndcg ?? -1);

/** The first of the best looks. */
export const bestOf = (curve: readonly CurvePoint[]): CurvePoint | undefined =>
  curve
    .filter(({ ndcg }) => ndcg !== undefined)
    .reduce<CurvePoint | undefined>(
      (best, point) => (best && best.ndcg! >= point.ndcg! ? best : point),
      undefined,
    );
