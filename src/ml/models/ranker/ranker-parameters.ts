import { z } from "zod";

/** The form and the training of the ranker. */
export const RankerParameters = z.strictObject({
  /** Cross layers, and the rank of their matrices; DCN-v2 finds 2 enough and low ranks nearly as good. */
  crossLayers: z.int().min(1).max(8).default(2),
  crossRank: z.int().min(1).max(256).default(8),
  /** MMoE's own experiments use 4 to 8 experts. */
  experts: z.int().min(1).max(64).default(4),
  hidden: z.int().min(1).max(1024).default(32),
  /** Impressions a step. */
  batch: z.int().min(1).default(512),
  epochs: z.int().min(1).default(4),
  learningRate: z.number().positive().max(1).default(3e-3),
});
export type RankerParameters = z.output<typeof RankerParameters>;
