import { z } from "zod";
import { BaselineParameters } from "../parameters.ts";
import { TransformerParameters } from "../transformer/transformer-parameters.ts";

/** Tensors: `offsets` [items + 1], `followers` and `counts` [transitions]. */
const Markov = z.strictObject({
  kind: z.literal("markov"),
  parameters: BaselineParameters.shape.markov.unwrap(),
});

/** Tensors: the weights by name, those of its prior's Markov model after `markov.`, `content` [items, numbers]. */
const Transformer = z.strictObject({
  kind: z.literal("transformer"),
  parameters: TransformerParameters,
  /** Of the Markov model that is its prior; absent without one. */
  markov: Markov.optional(),
});

/** Tensors: those of each part after `part0.`, `part1.`... */
const Blend = z.strictObject({
  kind: z.literal("blend"),
  /** Networks: the mean of their log-probabilities is taken. */
  networks: z.array(Transformer).min(1),
  markov: Markov,
  /** Of the logarithm of Markov's probabilities. */
  markovWeight: z.number().min(0),
  markovEpsilon: z.number().positive(),
});

/** What a model is, without its numbers. */
export const ModelDescription = z.discriminatedUnion("kind", [Markov, Transformer, Blend]);
export type ModelDescription = z.output<typeof ModelDescription>;
export type MarkovDescription = z.output<typeof Markov>;
export type TransformerDescription = z.output<typeof Transformer>;
export type BlendDescription = z.output<typeof Blend>;
