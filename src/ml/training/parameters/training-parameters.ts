import { z } from "zod";

/**
 * How the transformer is trained. "ML-1M" marks what was chosen on the validation items of that data set; where there
 * is less data, `fittingTraining` lowers what is marked "at most".
 */
export const TrainingParameters = z.strictObject({
  /**
   * Passes over the data at most; the learning rate falls towards the last one. auto: 32 on ML-1M, up to 64 where a
   * pass is shorter.
   */
  epochs: z.union([z.literal("auto"), z.int().min(1)]).default("auto"),
  /** Places of histories that go into one step at most; rows are packed full of them. ML-1M: 16 rows of 200. */
  tokens: z.int().min(1).default(3200),
  /** Of Adam, after the warm-up. ML-1M. */
  learningRate: z.number().positive().max(1).default(1.5e-3),
  /** Steps in which the learning rate rises, at most. ML-1M. */
  warmup: z.int().min(0).default(100),
  /** Adam's own defaults (Kingma and Ba, 2015). */
  beta1: z.number().min(0).lt(1).default(0.9),
  beta2: z.number().min(0).lt(1).default(0.999),
  epsilon: z.number().positive().default(1e-8),
  /** Of the moving average of the weights, which is what is kept; at most. ML-1M. */
  averageDecay: z.number().min(0).lt(1).default(0.998),
  /** Negative items a step; 0: the whole catalogue; auto: the whole catalogue where that is affordable. */
  negatives: z.union([z.literal("auto"), z.int().min(0)]).default("auto"),
  /** Epochs between validations. */
  evaluateEvery: z.int().min(1).default(4),
  /** Validations without a better NDCG@10 after which training stops. */
  patience: z.int().min(1).default(3),
  /** Users in a validation, at most. */
  validationUsers: z.int().min(1).default(10_000),
});
export type TrainingParameters = z.output<typeof TrainingParameters>;

/** The parameters of one training, in which nothing is left to be chosen. */
export const FittedTraining = TrainingParameters.extend({
  epochs: z.int().min(1),
  negatives: z.int().min(0),
});
export type FittedTraining = z.output<typeof FittedTraining>;

/**
 * The rate of a step: rises for the warm-up, then half a cosine down to a fiftieth.
 * @source Loshchilov and Hutter, "SGDR", 2017
 */
export function learningRate(
  step: number,
  steps: number,
  { learningRate, warmup }: Pick<TrainingParameters, "learningRate" | "warmup">,
): number {
  const rise = Math.min(1, (step + 1) / (warmup + 1));
  const fall = 0.5 + 0.5 * Math.cos(Math.PI * Math.min(1, step / steps));
  return learningRate * rise * (0.98 * fall + 0.02);
}
