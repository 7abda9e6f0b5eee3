import assert from "node:assert/strict";
import { afterEach, before, beforeEach, test } from "node:test";
import { IDL } from "@dfinity/candid";
import type { Principal } from "@dfinity/principal";
import { createReplica } from "../../src/replica/replica.ts";
import type { Executed } from "../../src/replica/scheduler.ts";
import type { Replica } from "../../src/replica/types.ts";
import {
  type Actor,
  actorOf,
  create,
  deploy,
  fixture,
  installCode,
  manage,
  noSettings,
} from "./local-canisters.ts";

const second = 1_000_000_000n;
let wasm: Uint8Array;
let replica: Replica;
let time: bigint;
let executed: Executed[];

before(async () => {
  wasm = await fixture("Actor");
});
beforeEach(async () => {
  time = second;
  executed = [];
  replica = await createReplica({
    subnetId: new Uint8Array(29),
    now: () => time,
    onExecuted: (execution) => executed.push(execution),
  });
});
afterEach(() => replica[Symbol.asyncDispose]());

const status = (canister_id: Principal) => manage(replica, "canister_status", { canister_id });
const consumed = async (canister_id: Principal) =>
  (await manage(replica, "canister_metrics", { canister_id })).cycles_consumed;
const balance = async (id: Principal): Promise<bigint> => (await status(id)).cycles;
const instructionsOf = (entry: string) =>
  executed.filter((one) => one.entry === entry).reduce((sum, { instructions }) => sum + instructions, 0n);

/** What an action took of a canister, by use. */
async function costs(id: Principal, action: () => Promise<unknown>): Promise<Record<string, bigint>> {
  const before = await consumed(id);
  const held = await balance(id);
  executed = [];
  await action();
  const after = await consumed(id);
  const used = Object.keys(after).map((use) => [use, BigInt(after[use] - before[use])] as const);
  const spent = used.reduce((sum, [, amount]) => sum + amount, 0n);
  assert.equal(held - (await balance(id)), spent, "the balance falls by what is accounted for");
  return Object.fromEntries(used.filter(([, amount]) => amount > 0n));
}

const add = (actor: Actor) => actor.update("add", [[IDL.Nat, 1n]]);

test("a message from outside costs its bytes, a base fee, and twice a cycle for each 64-bit instruction", async () => {
  const actor = await deploy(replica, wasm);
  const arg = IDL.encode([IDL.Nat], [1n]).length;
  assert.deepEqual(await costs(actor.id, () => add(actor)), {
    ingress_induction: 1_200_000n + 2_000n * BigInt("add".length + arg),
    instructions: 5_000_000n + 2n * instructionsOf("canister_update add"),
  });
  assert.ok(instructionsOf("canister_update add") > 1000n);
});

test("a call costs its caller a fee, the bytes of both ways, and its callback", async () => {
  const [a, b] = [await deploy(replica, wasm), await deploy(replica, wasm)];
  const request = BigInt("add".length + IDL.encode([IDL.Nat], [3n]).length);
  const reply = BigInt(IDL.encode([IDL.Nat], [3n]).length);
  const spent = await costs(a.id, () => a.update("bounded", [[IDL.Principal, b.id]]));
  const name = "bounded".length + IDL.encode([IDL.Principal], [b.id]).length;
  assert.deepEqual(spent, {
    ingress_induction: 1_200_000n + 2_000n * BigInt(name),
    instructions:
      2n * 5_000_000n + 2n * (instructionsOf("canister_update bounded") + instructionsOf("callback Ry")),
    request_and_response_transmission: 260_000n + 1_000n * (request + reply),
  });
});

test("queries are free", async () => {
  const actor = await deploy(replica, wasm);
  assert.deepEqual(await costs(actor.id, () => actor.query("get")), {});
  assert.ok(instructionsOf("canister_query get") > 0n);
});

test("time costs storage and compute allocation, as canister_status foretells", async () => {
  const actor = await deploy(replica, wasm);
  const settings = { ...noSettings, compute_allocation: [2n], memory_allocation: [2n ** 30n] };
  await manage(replica, "update_settings", { canister_id: actor.id, settings });
  const day = 86_400n;
  const { idle_cycles_burned_per_day } = await status(actor.id);
  assert.equal(idle_cycles_burned_per_day, day * (127_000n + 2n * 10_000_000n));
  const spent = await costs(actor.id, async () => {
    time += day * second;
    await add(actor);
  });
  assert.deepEqual([spent.memory, spent.compute_allocation], [day * 127_000n, day * 2n * 10_000_000n]);
});

test("a frozen canister does nothing until it is topped up, and one with nothing left loses its code", async () => {
  const actor = await deploy(replica, wasm);
  const target = { canister_id: actor.id };
  await manage(replica, "update_settings", {
    ...target,
    settings: { ...noSettings, freezing_threshold: [10n ** 12n] },
  });
  await assert.rejects(add(actor), /IC0207 .*out of cycles: please top up/);
  await assert.rejects(actor.query("get"), /IC0207 .*frozen/);
  await assert.rejects(installCode(replica, actor.id, wasm, "reinstall"), /IC0207/);
  await manage(replica, "provisional_top_up_canister", { ...target, amount: 10n ** 20n });
  assert.equal(await add(actor), 1n);
  await manage(replica, "update_settings", {
    ...target,
    settings: { ...noSettings, freezing_threshold: [0n], compute_allocation: [100n] },
  });
  time += 10n ** 12n * second;
  await assert.rejects(add(actor), /IC0537 .*no Wasm module/);
  const { cycles, memory_size } = await status(actor.id);
  assert.deepEqual([cycles, memory_size], [0n, 0n]);
});

test("who cannot pay for the most that a message may take does not run it", async () => {
  const actor = await deploy(replica, wasm);
  const poor = await create(replica, { cycles: 599_000_000_000n });
  await assert.rejects(installCode(replica, poor, wasm), /IC0207/);
  await manage(replica, "provisional_top_up_canister", { canister_id: poor, amount: 100_000_000_000n });
  await installCode(replica, poor, wasm);
  assert.equal(typeof (await actor.update("chain", [[IDL.Principal, poor]])), "bigint");
});

test("a call that its caller cannot pay for is not made, and what it would have carried stays", async () => {
  const b = await deploy(replica, wasm);
  const id = await create(replica, { cycles: 700_000_000_000n });
  await installCode(replica, id, wasm);
  const a = actorOf(replica, id);
  const left = await balance(id);
  const give = (amount: bigint) =>
    a.update(
      "giveCycles",
      [
        [IDL.Principal, b.id],
        [IDL.Nat, amount],
      ],
      [IDL.Nat, IDL.Nat],
    );
  // 80 billion are held by the message itself, as many for its callback.
  await assert.rejects(give(left - 100_000_000_000n), /IC0503|could not perform/);
  assert.equal(await give(left - 170_000_000_000n), (left - 170_000_000_000n) / 2n);
});
