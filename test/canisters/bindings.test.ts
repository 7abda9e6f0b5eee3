import assert from "node:assert/strict";
import { test } from "node:test";
import { staleBindings } from "../../canisters/generate-bindings.ts";

test("the Candid files are what the canisters offer, and the bindings are what the Candid files give", async () => {
  assert.deepEqual(await staleBindings(), []);
});
