import type { Engine } from "../../engines/engine.ts";
import { evaluate } from "../../evaluation/evaluate.ts";
import { Transformer, type TransformerModel } from "../../models/transformer/transformer.ts";
import type { Split } from "../../split.ts";

/** A network's metrics on the validation cases. */
export async function validate(
  model: TransformerModel,
  split: Split,
  { engine, signal }: { engine: Engine; signal?: AbortSignal | undefined },
): Promise<{ ndcg: number; hitRate: number }> {
  using network = new Transformer(model, engine);
  const { full } = await evaluate(network, split, { calibrated: false, ...(signal ? { signal } : {}) });
  return { ndcg: full["NDCG@10"].mean, hitRate: full["HR@10"].mean };
}
