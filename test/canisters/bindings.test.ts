import assert from "node:assert/strict";
import { test } from "node:test";
import { staleBindings } from "../../canisters/generate-bindings.ts";

test("the Candid files match the canisters, and the bindings match the Candid files", async () => {
  assert.deepEqual(await staleBindings(), []);
});
