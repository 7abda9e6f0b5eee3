import { z } from "zod";
import type { FittedTraining } from "../parameters/training-parameters.ts";

/** One epoch of the learning curve. */
export const CurvePoint = z.strictObject({
  epoch: z.int(),
  /** Mean over the epoch. */
  loss: z.number(),
  /** Absent in epochs without validation. */
  ndcg: z.number().optional(),
  hitRate: z.number().optional(),
});
export type CurvePoint = z.output<typeof CurvePoint>;

/** How far a training has come. */
export const TrainingPlace = z.strictObject({
  steps: z.int(),
  /** The current epoch, how many of its batches are done, and the sum of their losses. */
  epoch: z.int(),
  batches: z.int(),
  lossSum: z.number(),
  curve: z.array(CurvePoint),
  /** Spent so far. */
  seconds: z.number(),
  /** Validations since the best one. */
  validationsSinceBest: z.int(),
});
export type TrainingPlace = z.output<typeof TrainingPlace>;

export const firstPlace: TrainingPlace = {
  ...{ steps: 0, epoch: 0, batches: 0, lossSum: 0 },
  ...{ seconds: 0, curve: [], validationsSinceBest: 0 },
};

export const isFinished = (
  { epoch, validationsSinceBest }: TrainingPlace,
  { epochs, patience }: Pick<FittedTraining, "epochs" | "patience">,
): boolean => epoch >= epochs || validationsSinceBest >= patience;

export const afterBatch = (place: TrainingPlace, loss: number): TrainingPlace => ({
  ...place,
  steps: place.steps + 1,
  batches: place.batches + 1,
  lossSum: place.lossSum + loss,
});

/**
 * The place at the beginning of the next epoch.
 * @param validation its result, where one was due
 */
export function afterEpoch(
  place: TrainingPlace,
  validation: { ndcg: number; hitRate: number } | undefined,
): TrainingPlace {
  const { epoch, batches, lossSum, curve, validationsSinceBest } = place;
  const point: CurvePoint = { epoch: epoch + 1, loss: lossSum / batches, ...validation };
  return {
    ...{ ...place, epoch: epoch + 1, batches: 0, lossSum: 0 },
    curve: [...curve, point],
    validationsSinceBest:
      validation === undefined
        ? validationsSinceBest
        : isBetter(validation.ndcg, curve)
          ? 0
          : validationsSinceBest + 1,
  };
}

/** Whether to validate after the current epoch. */
export const validationIsDue = (
  { epoch }: TrainingPlace,
  { epochs, evaluateEvery }: Pick<FittedTraining, "epochs" | "evaluateEvery">,
): boolean => epoch + 1 === epochs || (epoch + 1) % evaluateEvery === 0;

export const isBetter = (ndcg: number, curve: readonly CurvePoint[]): boolean =>
  ndcg > (bestOf(curve)?.ndcg ?? -1);

/** The first point with the best validation. */
export const bestOf = (curve: readonly CurvePoint[]): CurvePoint | undefined =>
  curve
    .filter(({ ndcg }) => ndcg !== undefined)
    .reduce<CurvePoint | undefined>(
      (best, point) => (best && best.ndcg! >= point.ndcg! ? best : point),
      undefined,
    );
