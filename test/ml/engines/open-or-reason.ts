import type { Engine, EngineName } from "../../../src/ml/engines/engine.ts";
import { openEngine } from "../../../src/ml/engines/open-engine.ts";

/** The engine, or the reason why tests of it have to be skipped on this machine. */
export async function openOrReason(
  name: EngineName,
): Promise<{ engine: Engine; skip: false } | { engine: undefined; skip: string }> {
  try {
    return { engine: await openEngine(name, { tensorflow: process.env.KILN_TENSORFLOW }), skip: false };
  } catch (error) {
    return { engine: undefined, skip: (error as Error).message };
  }
}
