import { z } from "zod";

/** A factor a step: 1 forgets nothing. */
const decay = z.number().gt(0).max(1);

/** The hyper-parameters of the models without a network, each with where its default comes from. */
export const BaselineParameters = z.strictObject({
  markov: z
    .strictObject({
      /** Pairs this far apart are transitions. All four defaults were the best of three settings on ML-1M, validation. */
      reach: z.int().min(1).default(5),
      /** A pair one place further apart counts this much less. */
      reachDecay: decay.default(0.7),
      /** How many of the history's last items count. */
      memory: z.int().min(1).default(5),
      memoryDecay: decay.default(0.7),
    })
    .prefault({}),
  itemKnn: z
    .strictObject({
      /** The field's usual size of a neighbourhood. */
      neighbours: z.int().min(1).default(100),
    })
    .prefault({}),
  ease: z
    .strictObject({
      /** Measured on ML-1M; the paper searches 100 to 1000. */
      regularisation: z.number().positive().default(300),
      /** Steps back in the history after which an item weighs half; absent: all weigh the same, as in the paper. */
      halfLife: z.number().positive().optional(),
    })
    .prefault({}),
  trending: z
    .strictObject({
      /** Days after which a choice weighs half. */
      halfLifeDays: z.number().positive().default(2),
    })
    .prefault({}),
});
export type BaselineParameters = z.output<typeof BaselineParameters>;
