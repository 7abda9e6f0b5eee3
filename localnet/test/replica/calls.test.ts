import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { createReplica } from "../../src/replica/replica.ts";
import type { Replica } from "../../src/replica/types.ts";
import { type Actor, create, deploy, fixture, manage } from "./local-canisters.ts";

let replica: Replica;
let a: Actor;
let b: Actor;

before(async () => {
  const wasm = await fixture("Actor");
  // Time stands still, so that nothing is paid for it.
  replica = await createReplica({ subnetId: new Uint8Array(29), now: () => 1n });
  a = await deploy(replica, wasm);
  b = await deploy(replica, wasm);
});
after(() => replica[Symbol.asyncDispose]());

const both = async () => [await a.query("get"), await b.query("get")];
const toB = (): [IDL.Type, unknown][] => [[IDL.Principal, b.id]];

test("a trap after an await keeps what was committed at the await", async () => {
  const [atA, atB] = await both();
  await assert.rejects(a.update("addThenTrap", toB(), []), /IC0503 .*after await/);
  assert.deepEqual(await both(), [atA! + 1n, atB! + 1n]);
});

test("the cleanup of a trapped callback runs and commits", async () => {
  const before = await a.update("cleanups");
  await assert.rejects(a.update("cleanup", toB(), []), /in try/);
  assert.equal(await a.update("cleanups"), before + 1n);
});

test("calls to itself, chains and queries of others see committed state", async () => {
  const [atA, atB] = await both();
  assert.equal(await a.update("selfCall"), atA! + 11n);
  assert.equal(await a.query("get"), atA! + 111n);
  assert.equal(await a.update("chain", toB()), 2n * (atB! + 5n));
});

test("messages between an await and its callback interleave, each whole", async () => {
  const [atA] = await both();
  const calls = Array.from({ length: 20 }, () => a.update("selfCall"));
  await Promise.all(calls);
  assert.equal(await a.query("get"), atA! + 20n * 111n);
});

test("rejections arrive with code and message", async () => {
  const pair = [IDL.Text, IDL.Text];
  assert.equal(await a.update("catchBoom", toB(), pair), "#canister_error");
  const nobody = Principal.fromUint8Array(Uint8Array.of(0, 0, 0, 0, 0, 0, 255, 0, 1, 1));
  assert.equal(await a.update("catchBoom", [[IDL.Principal, nobody]], pair), "#destination_invalid");
  const empty = await create(replica);
  assert.equal(await a.update("catchBoom", [[IDL.Principal, empty]], pair), "#canister_error");
  await assert.rejects(a.update("chain", [[IDL.Principal, nobody]]), /Canister .* not found/);
});

test("one-way and bounded calls arrive", async () => {
  const [, atB] = await both();
  await a.update("notify", toB(), []);
  assert.equal(await a.update("bounded", toB()), atB! + 10n);
});

test("cycles move with calls, and what is not taken comes home", async () => {
  // What a canister has and what it has paid so far: only gifts change that.
  const cycles = async ({ id }: Actor) => {
    const { cycles } = await manage(replica, "canister_status", { canister_id: id });
    const { cycles_consumed } = await manage(replica, "canister_metrics", { canister_id: id });
    return Object.values<bigint>(cycles_consumed).reduce((sum, part) => sum + part, cycles);
  };
  const [fromA, fromB] = [await cycles(a), await cycles(b)];
  assert.equal(await a.update("giveCycles", [...toB(), [IDL.Nat, 1000n]], [IDL.Nat, IDL.Nat]), 500n);
  assert.deepEqual([await cycles(a), await cycles(b)], [fromA - 500n, fromB + 500n]);
});

test("composite queries go down through canisters that are entered again, and leave nothing", async () => {
  const [atA, atB] = await both();
  const sum = (depth: bigint) => a.query("sum", [...toB(), [IDL.Nat, depth]]);
  assert.equal(await sum(0n), atA! + 1n);
  // Each level adds its own 11: 1 before and 10 after its call; a level entered again starts from nothing.
  assert.equal(await sum(1n), atB! + 1n + 11n);
  assert.equal(await sum(4n), atA! + 1n + 44n);
  assert.equal(await sum(0n), atA! + 1n);
  await assert.rejects(sum(7n), /IC0503|exceeded the maximum call depth/);
  assert.match(await a.query("catchQuery", toB(), [IDL.Text]), /exceeded the maximum call depth/);
  await assert.rejects(a.update("sum", [...toB(), [IDL.Nat, 1n]]), /IC0527/);
  assert.deepEqual(await both(), [atA, atB]);
});

test("a canister is stopped once its calls have ended", async () => {
  const id = b.id;
  const running = Array.from({ length: 5 }, () => b.update("selfCall"));
  const stopped = manage(replica, "stop_canister", { canister_id: id });
  const results = await Promise.allSettled([...running, stopped]);
  assert.ok(results.at(-1)!.status === "fulfilled");
  await assert.rejects(b.update("add", [[IDL.Nat, 1n]]), /IC0508 .*is stopped/);
  await assert.rejects(b.query("get"), /IC0508/);
  await manage(replica, "start_canister", { canister_id: id });
  assert.equal(typeof (await b.query("get")), "bigint");
});
