import assert from "node:assert/strict";
import { test } from "node:test";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { types } from "../../src/replica/management/interface.ts";
import { createReplica } from "../../src/replica/replica.ts";
import type { Replica } from "../../src/replica/types.ts";
import { canisterOf, replyWith } from "../canister/hand-made.ts";
import { constant, load, store } from "../wasm/assemble.ts";
import {
  actorOf,
  alice,
  bob,
  create,
  decoded,
  deploy,
  fixture,
  installCode,
  manage,
  noSettings,
} from "./local-canisters.ts";

const subnetId = new Uint8Array(29);

async function logsOf(replica: Replica, id: Principal, sender = alice): Promise<string[]> {
  const arg = new Uint8Array(IDL.encode(types.fetch_canister_logs.arg, [{ canister_id: id }]));
  const ingress = {
    requestId: new Uint8Array(32),
    sender,
    canisterId: new Uint8Array(),
    method: "fetch_canister_logs",
  };
  const result = await replica.query({ ...ingress, arg }, undefined);
  const { canister_log_records: records } = decoded(result, types.fetch_canister_logs.reply);
  return records.map(
    ({ idx, content }: { idx: bigint; content: Uint8Array }) => `${idx} ${Buffer.from(content)}`,
  );
}

test("a canister makes and pays others", async () => {
  await using replica = await createReplica({ subnetId });
  const maker = await deploy(replica, await fixture("Maker"));
  assert.equal(await maker.update("random"), 32n);
  const cycles = 600_000_000_000n;
  const made = await maker.update("make", [[IDL.Nat, cycles]], [IDL.Principal]);
  // The fee goes from what comes with the creation, nothing from what is deposited.
  assert.equal(await maker.update("cyclesOf", [[IDL.Principal, made]]), 2n * cycles - 500_000_000_000n);
  await assert.rejects(
    maker.update("make", [[IDL.Nat, 1000n]], [IDL.Principal]),
    /requires a fee of 500000000000/,
  );
  await assert.rejects(maker.update("make", [[IDL.Nat, 10n ** 20n]], [IDL.Principal]), /IC0520/);
  await maker.update("stop", [[IDL.Principal, made]], []);
  await assert.rejects(actorOf(replica, made).query("get"), /IC0508/);
});

test("the status can be asked for by queries, from outside and in composite ones", async () => {
  await using replica = await createReplica({ subnetId, now: () => 1n });
  const maker = await deploy(replica, await fixture("Maker"));
  const id = await create(replica);
  const status = await manage(replica, "canister_status", { canister_id: id });
  const query = async (method: string, sender = alice) => {
    const arg = new Uint8Array(
      IDL.encode([IDL.Record({ canister_id: IDL.Principal })], [{ canister_id: id }]),
    );
    const requestId = new Uint8Array(32);
    return replica.query({ requestId, sender, canisterId: new Uint8Array(), method, arg }, undefined);
  };
  assert.deepEqual(decoded(await query("canister_status"), types.canister_status.reply), status);
  const { cycles_consumed } = decoded(await query("canister_metrics"), types.canister_metrics.reply);
  assert.equal(cycles_consumed.burned_cycles, 0n);
  const rejected = await query("canister_status", bob);
  assert.throws(() => decoded(rejected, []), /IC0512/);
  const stop = await query("stop_canister");
  assert.throws(() => decoded(stop, []), /IC0536 .*Query method stop_canister/);
  await assert.rejects(maker.query("cyclesSeen", [[IDL.Principal, id]]), /Only|canister_error|IC0503/);
  const settings = { ...noSettings, controllers: [[Principal.fromUint8Array(alice), maker.id]] };
  await manage(replica, "update_settings", { canister_id: id, settings });
  assert.equal(await maker.query("cyclesSeen", [[IDL.Principal, id]]), status.cycles);
});

test("what only canisters may call is refused to callers from outside, as is what does not exist", async () => {
  await using replica = await createReplica({ subnetId });
  await assert.rejects(manage(replica, "raw_rand", undefined), /IC0406 .*only by canisters/);
  const ask = (method: string, arg: Uint8Array) =>
    replica.inspect({
      requestId: new Uint8Array(32),
      sender: alice,
      canisterId: new Uint8Array(),
      method,
      arg,
    });
  assert.match((await ask("fly", new Uint8Array()))!.message, /no method 'fly'/);
  assert.match((await ask("install_code", new Uint8Array([1])))!.message, /Error decoding candid/);
});

test("an id of its own can be asked for once, and later ids go on behind it", async () => {
  await using replica = await createReplica({ subnetId });
  const id = Principal.fromText("rdmx6-jaaaa-aaaaa-aaadq-cai");
  assert.equal((await create(replica, { id })).toText(), id.toText());
  await assert.rejects(create(replica, { id }), /IC0538 .*already installed/);
  assert.equal((await create(replica)).toText(), "qoctq-giaaa-aaaaa-aaaea-cai");
  assert.deepEqual(
    replica.canisterIds().map((bytes) => Principal.fromUint8Array(bytes).toText()),
    [
      "rkp4c-7iaaa-aaaaa-aaaca-cai",
      id.toText(),
      "qoctq-giaaa-aaaaa-aaaea-cai",
      "um5iw-rqaaa-aaaaq-qaaba-cai",
    ],
  );
});

test("logs keep what updates print, also those that trap, and show it to those who may see it", async () => {
  await using replica = await createReplica({ subnetId });
  const actor = await deploy(replica, await fixture("Actor"));
  await actor.update("say", [[IDL.Text, "first"]], []);
  await assert.rejects(actor.update("boom", [], []));
  assert.deepEqual(await logsOf(replica, actor.id), [
    "0 first",
    "1 [TRAP]: Canister called `ic0.trap` with message: 'boom'",
  ]);
  for (let index = 0; index < 10; index++) await actor.update("say", [[IDL.Text, "x".repeat(1000)]], []);
  const records = await logsOf(replica, actor.id);
  assert.equal(records.length, 4);
  assert.ok(records[3]!.startsWith("11 "));
  await assert.rejects(logsOf(replica, actor.id, bob), /not allowed to access canister logs/);
  const settings = { ...noSettings, log_visibility: [{ public: null }] };
  await manage(replica, "update_settings", { canister_id: actor.id, settings });
  assert.equal((await logsOf(replica, actor.id, bob)).length, 4);
});

test("an uninstalled canister is empty and answers nobody", async () => {
  await using replica = await createReplica({ subnetId });
  const actor = await deploy(replica, await fixture("Actor"));
  const version = async () => (await manage(replica, "canister_status", { canister_id: actor.id })).version;
  assert.equal(await version(), 1n);
  const waiting = actor.update("selfCall");
  await manage(replica, "uninstall_code", { canister_id: actor.id });
  await assert.rejects(waiting, /has been uninstalled/);
  await assert.rejects(actor.update("add", [[IDL.Nat, 1n]]), /IC0537 .*no Wasm module/);
  assert.equal(await version(), 2n);
  await installCode(replica, actor.id, await fixture("Actor"));
  assert.equal(await actor.query("get"), 0n);
});

test("a heartbeat beats once a second, by the network's clock", async () => {
  let time = 1n;
  await using replica = await createReplica({ subnetId, now: () => time });
  const wasm = canisterOf({
    canister_heartbeat: [...constant(0), ...constant(0), ...load(), ...constant(1), 0x6a, ...store()],
    "canister_query get": replyWith(0),
  });
  const { id } = await deploy(replica, wasm);
  const ask = { requestId: new Uint8Array(32), sender: alice, canisterId: id.toUint8Array(), method: "get" };
  const beats = async () => {
    const result = await replica.query({ ...ask, arg: new Uint8Array() }, undefined);
    return result.status === "replied" ? result.reply[0]! : 0;
  };
  for (const expected of [1, 2]) {
    time += 500_000_000n;
    replica.timeChanged();
    await replica.settled();
    assert.equal(await beats(), expected - 1, "half a second is too short");
    time += 500_000_000n;
    replica.timeChanged();
    await replica.settled();
    assert.equal(await beats(), expected);
  }
});

test("a call that is not answered when the replica stops is told so", async () => {
  const replica = await createReplica({ subnetId });
  const actor = await deploy(replica, await fixture("Actor"));
  const waiting = assert.rejects(actor.update("selfCall"), /IC0202 \(2\): The replica was stopped/);
  await replica[Symbol.asyncDispose]();
  await waiting;
});
