import { z } from "zod";

/** The form of the transformer. "ML-1M" marks what was chosen on the validation items of that data set. */
export const TransformerParameters = z
  .strictObject({
    /** Numbers an item; eSASRec's and SASRec+'s choice for ML-1M. More gave nothing there. */
    dimension: z.int().min(4).max(1024).default(64),
    heads: z.int().min(1).max(16).default(2),
    /** Layers of attention and two products each; SASRec's. */
    blocks: z.int().min(1).max(12).default(2),
    /** How many of a history's last items count; SASRec's for ML-1M. */
    context: z.int().min(4).max(2000).default(200),
    /** SASRec's for ML-1M. */
    dropout: z.number().min(0).max(0.9).default(0.2),
    /**
     * How much less attention sees an item one place further back, in its logits; each further head takes a quarter
     * (ALiBi, Press et al., 2022). ML-1M: .1 gave .0065 of NDCG@10.
     */
    recencyBias: z.number().min(0).max(10).default(0.1),
    /** Whether Markov's scores enter the logits, as a prior that the network corrects. Gave .0022 on ML-1M. */
    markovPrior: z.boolean().default(false),
    /** Added to a probability of Markov before its logarithm is taken. ML-1M. */
    markovEpsilon: z.number().positive().max(0.1).default(3e-4),
    /** Numbers a video that describe its content; 0: items are known by what viewers did alone. */
    contentDimension: z.int().min(0).max(4096).default(0),
  })
  .refine(({ dimension, heads }) => dimension % heads === 0, {
    error: "must be a multiple of heads",
    path: ["dimension"],
  });
export type TransformerParameters = z.output<typeof TransformerParameters>;
