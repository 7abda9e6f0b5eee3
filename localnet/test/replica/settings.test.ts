import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { IDL } from "@dfinity/candid";
import type { Principal } from "@dfinity/principal";
import { Principal as Id } from "@dfinity/principal";
import { createReplica } from "../../src/replica/replica.ts";
import type { Replica } from "../../src/replica/types.ts";
import { type Actor, alice, bob, deploy, fixture, manage, noSettings } from "./local-canisters.ts";

let replica: Replica;
let wasm: Uint8Array;

before(async () => {
  replica = await createReplica({ subnetId: new Uint8Array(29) });
  wasm = await fixture("Actor");
});
after(() => replica[Symbol.asyncDispose]());

const set = (canister_id: Principal, settings: Partial<Record<keyof typeof noSettings, unknown[]>>) =>
  manage(replica, "update_settings", { canister_id, settings: { ...noSettings, ...settings } });
const status = (canister_id: Principal, sender = alice) =>
  manage(replica, "canister_status", { canister_id }, sender);
const hold = (actor: Actor, bytes: bigint) => actor.update("hold", [[IDL.Nat, bytes]]);

test("a canister reads the variables that its controllers set", async () => {
  const actor = await deploy(replica, await fixture("Founder"));
  const read = (name: string) => actor.update("variable", [[IDL.Text, name]], [IDL.Opt(IDL.Text)]);
  assert.deepEqual(await read("PUBLIC_CANISTER_ID:index"), []);
  const variables = [
    { name: "PUBLIC_CANISTER_ID:index", value: "aaaaa-aa" },
    { name: "empty", value: "" },
  ];
  await set(actor.id, { environment_variables: [variables] });
  assert.deepEqual([await read("PUBLIC_CANISTER_ID:index"), await read("empty")], [["aaaaa-aa"], [""]]);
  assert.deepEqual((await status(actor.id)).settings.environment_variables, variables);
  const tooMany = Array.from({ length: 21 }, (_, index) => ({ name: `${index}`, value: "" }));
  for (const refused of [tooMany, [{ name: "n".repeat(129), value: "" }], [variables[0], variables[0]]]) {
    await assert.rejects(
      set(actor.id, { environment_variables: [refused] }),
      /IC0408 .*environment variables/,
    );
  }
});

test("an update above the memory limit is undone, below it goes on", async () => {
  const actor = await deploy(replica, wasm);
  await set(actor.id, { wasm_memory_limit: [40_000_000n] });
  await assert.rejects(hold(actor, 50_000_000n), /IC0539 .*memory limit of 40000000 bytes/);
  assert.equal(await hold(actor, 8n), 1n);
  await set(actor.id, { wasm_memory_limit: [0n] });
  assert.equal(await hold(actor, 50_000_000n), 6_250_000n);
});

test("status and snapshots are seen by those whom the settings name", async () => {
  const { id } = await deploy(replica, wasm);
  const list = () => manage(replica, "list_canister_snapshots", { canister_id: id }, bob);
  await assert.rejects(status(id, bob), /IC0512/);
  await set(id, { status_visibility: [{ allowed_viewers: [Id.fromUint8Array(bob)] }] });
  assert.deepEqual((await status(id, bob)).status, { running: null });
  await assert.rejects(list(), /IC0512/);
  await set(id, { snapshot_visibility: [{ public: null }] });
  assert.deepEqual(await list(), []);
});

test("a canister may ask a price of those who call it", async () => {
  const [a, b] = [await deploy(replica, wasm), await deploy(replica, wasm)];
  await set(b.id, { minimum_incoming_canister_call_cycles: [500n] });
  await assert.rejects(a.update("chain", [[IDL.Principal, b.id]]), /takes calls with at least 500 cycles/);
  const give = (amount: bigint) =>
    a.update(
      "giveCycles",
      [
        [IDL.Principal, b.id],
        [IDL.Nat, amount],
      ],
      [IDL.Nat, IDL.Nat],
    );
  await assert.rejects(give(499n), /at least 500/);
  assert.equal(await give(500n), 250n);
  assert.equal(await b.update("add", [[IDL.Nat, 1n]]), 1n, "callers from outside bring none");
});

test("the log is as long as the settings say", async () => {
  const actor = await deploy(replica, wasm);
  const say = () => actor.update("say", [[IDL.Text, "x".repeat(1000)]], []);
  const size = async () => (await status(actor.id)).memory_metrics.log_memory_store_size;
  await set(actor.id, { log_memory_limit: [10_000n] });
  for (let count = 0; count < 12; count++) await say();
  assert.equal(await size(), 10_000n);
  await assert.rejects(set(actor.id, { log_memory_limit: [3_000_000n] }), /IC0406 .*log memory limit/);
});
