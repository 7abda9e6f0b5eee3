import type { Engine } from "../../engines/engine.ts";
import { evaluate } from "../../evaluation/evaluate.ts";
import { Transformer, type TransformerModel } from "../../models/transformer/transformer.ts";
import type { Split } from "../../split.ts";

/** How well a network answers the validation cases, or the first `most` of them. */
export async function validate(
  model: TransformerModel,
  { train, cases }: Split,
  { engine, most, signal }: { engine: Engine; most: number; signal?: AbortSignal | undefined },
): Promise<{ ndcg: number; hitRate: number }> {
  using network = new Transformer(model, engine);
  const asked = { train, cases: cases.slice(0, most) };
  const { full } = await evaluate(network, asked, { calibrated: false, ...(signal ? { signal } : {}) });
  return { ndcg: full["NDCG@10"].mean, hitRate: full["HR@10"].mean };
}
