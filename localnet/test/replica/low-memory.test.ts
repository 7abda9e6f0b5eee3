import assert from "node:assert/strict";
import { test } from "node:test";
import { IDL } from "@dfinity/candid";
import { createReplica } from "../../src/replica/replica.ts";
import { canisterOf } from "../canister/hand-made.ts";
import { create, deploy, fixture, installCode, manage, noSettings } from "./local-canisters.ts";

const subnetId = new Uint8Array(29);

test("a canister is told once that little memory is left, before anything else runs, and again the next time", async () => {
  await using replica = await createReplica({ subnetId });
  const actor = await deploy(replica, await fixture("Low"));
  const set = (threshold: bigint) =>
    manage(replica, "update_settings", {
      canister_id: actor.id,
      settings: { ...noSettings, wasm_memory_limit: [300_000_000n], wasm_memory_threshold: [threshold] },
    });
  const hold = (size: bigint) => actor.update("hold", [[IDL.Nat, size]]);
  const warned = () => actor.query("warned", [], [IDL.Vec(IDL.Nat)]);
  const status = async () => {
    const { id: snapshot_id } = await manage(replica, "take_canister_snapshot", {
      canister_id: actor.id,
      replace_snapshot: [],
      uninstall_code: [],
    });
    const named = { canister_id: actor.id, snapshot_id };
    return (await manage(replica, "read_canister_snapshot_metadata", named)).on_low_wasm_memory_hook_status;
  };
  await set(200_000_000n);
  assert.deepEqual([await hold(20_000_000n), await warned()], [0n, []]);
  assert.deepEqual(await status(), [{ condition_not_satisfied: null }]);
  // The second update comes at once behind the one that takes the memory, and finds the hook done.
  assert.deepEqual(await Promise.all([hold(60_000_000n), hold(8n)]), [0n, 1n]);
  assert.deepEqual(await warned(), [1n]);
  assert.deepEqual(await status(), [{ executed: null }]);
  await hold(8n);
  assert.deepEqual(await warned(), [1n], "the heap never shrinks, so once is all");
  await set(1n);
  assert.deepEqual(await status(), [{ condition_not_satisfied: null }]);
  await set(200_000_000n);
  // A query could come before the hook; an update cannot.
  assert.equal(await hold(8n), 2n, "the settings make it low again");
  assert.deepEqual(await warned(), [1n, 1n]);
});

test("without a threshold, or without a hook, nothing happens", async () => {
  await using replica = await createReplica({ subnetId });
  const id = await create(replica);
  await manage(replica, "update_settings", {
    canister_id: id,
    settings: { ...noSettings, wasm_memory_limit: [65_536n], wasm_memory_threshold: [65_536n] },
  });
  await installCode(replica, id, canisterOf({ "canister_update f": [] }));
  assert.deepEqual((await manage(replica, "canister_status", { canister_id: id })).status, { running: null });
});
