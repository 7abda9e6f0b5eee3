import { test } from "node:test";
import { openEngine } from "../../../src/ml/engines/open-engine.ts";
import { checkNumerics } from "./check-numerics.ts";

test("wasm: values and gradients are those of float64", async () => {
  await checkNumerics(await openEngine("wasm"));
});
