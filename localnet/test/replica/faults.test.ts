import assert from "node:assert/strict";
import { afterEach, before, beforeEach, test } from "node:test";
import { IDL } from "@dfinity/candid";
import type { Principal } from "@dfinity/principal";
import { createReplica, type LocalReplica } from "../../src/replica/replica.ts";
import { type Actor, actorOf, deploy, fixture, manage } from "./local-canisters.ts";

const second = 1_000_000_000n;
const ids = [1, 2].map((number) => new Uint8Array(29).fill(number));
const trillion = 1_000_000_000_000n;
let wasm: Uint8Array;
let replica: LocalReplica;
let time: bigint;
let a: Actor;
let b: Actor;

before(async () => {
  wasm = await fixture("Actor");
});
beforeEach(async () => {
  time = second;
  replica = await createReplica({ subnetId: ids[0]!, otherSubnets: [ids[1]!], now: () => time });
  a = await deploy(replica, wasm);
  b = await deploy(replica, wasm);
});
afterEach(() => replica[Symbol.asyncDispose]());

const add = (actor: Actor) => actor.update("add", [[IDL.Nat, 1n]]);
const callB = (method: string) => a.update(method, [[IDL.Principal, b.id]]);
const advance = (seconds: bigint) => {
  time += seconds * second;
  replica.timeChanged();
};

test("a refused request is told so, as often as was said", async () => {
  replica.faults.inject({
    kind: "reject",
    callee: b.id.toText(),
    method: "add",
    times: 2,
    message: "not now",
  });
  await assert.rejects(add(b), /IC0201 \(2\): not now/);
  await assert.rejects(callB("chain"), /not now/);
  assert.equal(await add(b), 1n);
  assert.equal(await add(a), 1n, "others are spared");
});

for (const what of ["request", "reply"] as const) {
  test(`a lost ${what} ends a bounded call with SYS_UNKNOWN when its time has passed`, async () => {
    replica.faults.inject({ kind: "drop", what, caller: a.id.toText(), method: "add" });
    const call = assert.rejects(callB("bounded"), /Call deadline has expired/);
    await replica.settled();
    advance(19n);
    assert.equal(await b.query("get"), what === "reply" ? 3n : 0n);
    advance(1n);
    await call;
  });
}

test("a delayed request lets others pass", async () => {
  replica.faults.inject({
    kind: "delay",
    milliseconds: 20,
    callee: b.id.toText(),
    origin: "ingress",
    times: 1,
  });
  const late = add(b);
  assert.equal(await add(b), 1n);
  time += 20_000_000n;
  replica.timeChanged();
  assert.equal(await late, 2n);
});

async function onOtherSubnet(): Promise<Principal> {
  const founder = await deploy(replica, await fixture("Founder"));
  const types = [IDL.Variant({ ok: IDL.Principal, err: IDL.Text })];
  const { ok } = await founder.update(
    "found",
    [
      [IDL.Nat, 3n * trillion],
      [IDL.Opt(IDL.Empty), []],
    ],
    types,
  );
  const code = { canister_id: ok, mode: { install: null }, wasm_module: wasm, arg: IDL.encode([], []) };
  await manage(replica, "install_code", code, founder.id.toUint8Array());
  return ok;
}

test("messages for a stopped subnet wait until it is there again", async () => {
  const far = await onOtherSubnet();
  replica.stopSubnet(1);
  assert.deepEqual(
    [replica.isAvailable(far.toUint8Array()), replica.isAvailable(a.id.toUint8Array())],
    [false, true],
  );
  let isAnswered = false;
  const waiting = a.update("chain", [[IDL.Principal, far]]).finally(() => {
    isAnswered = true;
  });
  assert.equal(await add(a), 1n);
  await replica.settled();
  assert.equal(isAnswered, false);
  replica.startSubnet(1);
  assert.equal(await waiting, 10n);
});

test("a timer rings when the clock is set forward", async () => {
  await a.update("arm", [], []);
  assert.equal(await a.query("ticked"), 0n);
  advance(1n);
  await replica.settled();
  assert.equal(await a.query("ticked"), 1n);
});

test("a canister can be stopped from outside", async () => {
  replica.setCanisterStatus(b.id.toUint8Array(), "stopped");
  await assert.rejects(callB("chain"), /is stopped/);
  replica.setCanisterStatus(b.id.toUint8Array(), "running");
  assert.equal(await actorOf(replica, b.id).query("get"), 0n);
});
