import type { Engine } from "../../engines/engine.ts";
import { evaluate } from "../../evaluation/evaluate.ts";
import { Transformer, type TransformerModel } from "../../models/transformer/transformer.ts";
import type { Split } from "../../split.ts";

/** A network's metrics on the validation cases. */
export async function validate(
  model: TransformerModel,
  { train, cases }: Split,
  { engine, maxUsers, signal }: { engine: Engine; maxUsers: number; signal?: AbortSignal | undefined },
): Promise<{ ndcg: number; hitRate: number }> {
  using network = new Transformer(model, engine);
  const drawn = { train, cases: cases.slice(0, maxUsers) };
  const { full } = await evaluate(network, drawn, { calibrated: false, ...(signal ? { signal } : {}) });
  return { ndcg: full["NDCG@10"].mean, hitRate: full["HR@10"].mean };
}
