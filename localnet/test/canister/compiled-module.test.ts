import assert from "node:assert/strict";
import { test } from "node:test";
import { compileModule } from "../../src/canister/compiled-module.ts";
import { canisterOf } from "./hand-made.ts";

test("canisters with the same module share its code, others do not", () => {
  const module = compileModule(canisterOf({ "canister_update f": [] }));
  assert.equal(compileModule(canisterOf({ "canister_update f": [] })), module);
  assert.notEqual(compileModule(canisterOf({ "canister_update g": [] })), module);
});
