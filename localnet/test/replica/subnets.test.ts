import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { createReplica } from "../../src/replica/replica.ts";
import type { Replica } from "../../src/replica/types.ts";
import { canisterRanges, subnetOf } from "../../src/subnets.ts";
import { type Actor, actorOf, alice, deploy, fixture, manage } from "./local-canisters.ts";

const ids = [1, 2, 3].map((number) => Principal.fromUint8Array(new Uint8Array(29).fill(number)));
const [first, second] = ids.slice(1) as [Principal, Principal];
const ledger = Principal.fromText("um5iw-rqaaa-aaaaq-qaaba-cai");
const minting = Principal.fromText("rkp4c-7iaaa-aaaaa-aaaca-cai");
const trillion = 1_000_000_000_000n;
const selection = IDL.Variant({
  Subnet: IDL.Record({ subnet: IDL.Principal }),
  Filter: IDL.Record({ subnet_type: IDL.Opt(IDL.Text) }),
});

let replica: Replica;
let founder: Actor;

before(async () => {
  const [subnetId, ...otherSubnets] = ids.map((id) => id.toUint8Array());
  replica = await createReplica({ subnetId: subnetId!, otherSubnets, now: () => 5_000_000_000n });
  founder = await deploy(replica, await fixture("Founder"));
});
after(() => replica[Symbol.asyncDispose]());

const found = (cycles: bigint, chosen: unknown[]) =>
  founder.update(
    "found",
    [
      [IDL.Nat, cycles],
      [IDL.Opt(selection), chosen],
    ],
    [IDL.Variant({ ok: IDL.Principal, err: IDL.Text })],
  );
const on = (subnet: Principal) => [{ Subnet: { subnet } }];
const subnetOfCanister = (id: Principal) => subnetOf(id.toUint8Array(), 3);

test("every id belongs to one subnet, and the ranges say so", () => {
  const within = (id: Uint8Array, subnet: number) =>
    canisterRanges(subnet, 3).some(
      ([low, high]) => Buffer.compare(low, id) <= 0 && Buffer.compare(id, high) <= 0,
    );
  for (const text of [minting, ledger, "rwlgt-iiaaa-aaaaa-aaaaa-cai", "5v3p4-iyaaa-aaaaa-qaaaa-cai"]) {
    const id = Principal.from(text).toUint8Array();
    assert.deepEqual(
      [0, 1, 2].filter((subnet) => within(id, subnet)),
      [subnetOf(id, 3)],
    );
  }
});

test("the cycles minting canister creates canisters on the subnet that is asked for, and keeps the cycles", async () => {
  assert.deepEqual(await founder.update("subnets", [], [IDL.Vec(IDL.Principal)]), [first, second]);
  const before = (await manage(replica, "canister_status", { canister_id: founder.id })).cycles;
  const { ok: made } = await found(2n * trillion, on(second));
  assert.equal(subnetOfCanister(made), 2);
  const { cycles } = await manage(replica, "canister_status", { canister_id: founder.id });
  assert.ok(before - cycles >= 2n * trillion);
  const status = await manage(replica, "canister_status", { canister_id: made }, founder.id.toUint8Array());
  assert.deepEqual(
    [status.cycles, status.settings.controllers],
    [2n * trillion - trillion / 2n, [founder.id]],
  );
  const { ok: unchosen } = await found(trillion, []);
  const { ok: next } = await found(trillion, []);
  assert.deepEqual([subnetOfCanister(unchosen), subnetOfCanister(next)].sort(), [1, 2]);
});

test("what it cannot do is told, and the cycles come back", async () => {
  const before = (await manage(replica, "canister_status", { canister_id: founder.id })).cycles;
  const nowhere = Principal.fromUint8Array(new Uint8Array(29).fill(9));
  assert.match((await found(trillion, on(nowhere))).err, /does not exist/);
  assert.match((await found(1n, on(first))).err, /Insufficient cycles/);
  assert.match(
    (await found(trillion, [{ Filter: { subnet_type: ["marble"] } }])).err,
    /marble does not exist/,
  );
  const { cycles } = await manage(replica, "canister_status", { canister_id: founder.id });
  assert.ok(before - cycles < trillion / 10n);
  await assert.rejects(actorOf(replica, minting).update("notify_top_up"), /IC0536/);
});

test("the cycles ledger holds, takes and pays out cycles, and creates canisters", async () => {
  const account = IDL.Record({ owner: IDL.Principal, subaccount: IDL.Opt(IDL.Vec(IDL.Nat8)) });
  const owner = Principal.fromUint8Array(alice);
  const balance = () =>
    actorOf(replica, ledger).query("icrc1_balance_of", [[account, { owner, subaccount: [] }]]);
  const fee = 100_000_000n;
  const start = await balance();
  const after = await founder.update("save", [
    [IDL.Nat, trillion],
    [IDL.Principal, owner],
  ]);
  assert.deepEqual([after, await balance()], [start + trillion, start + trillion]);
  const create = IDL.Record({ amount: IDL.Nat });
  const made = IDL.Variant({ Ok: IDL.Record({ canister_id: IDL.Principal }) });
  const { Ok } = await actorOf(replica, ledger).update(
    "create_canister",
    [[create, { amount: trillion }]],
    [made],
  );
  assert.ok([1, 2].includes(subnetOfCanister(Ok.canister_id)));
  assert.equal(await balance(), start - fee);
  const withdraw = IDL.Record({ to: IDL.Principal, amount: IDL.Nat });
  await actorOf(replica, ledger).update(
    "withdraw",
    [[withdraw, { to: Ok.canister_id, amount: trillion }]],
    [IDL.Variant({ Ok: IDL.Nat })],
  );
  const { cycles } = await manage(replica, "canister_status", { canister_id: Ok.canister_id });
  assert.deepEqual([cycles, await balance()], [(3n * trillion) / 2n, start - trillion - 2n * fee]);
});

test("between subnets calls work, queries do not, and messages are smaller", async () => {
  const wasm = await fixture("Actor");
  const near = await deploy(replica, wasm);
  const { ok: far } = await found(3n * trillion, on(first));
  const settings = { canister_id: far, mode: { install: null }, wasm_module: wasm, arg: IDL.encode([], []) };
  await manage(replica, "install_code", settings, founder.id.toUint8Array());
  const ask = (method: "query" | "update", name: string, id: Principal) =>
    founder[method](name, [[IDL.Principal, id]]);
  assert.equal(await ask("query", "ask", near.id), 0n);
  assert.equal(await ask("update", "askSlowly", far), 0n);
  await assert.rejects(ask("query", "ask", far), /queries cannot leave it/);
  const send = (id: Principal, times: bigint) =>
    founder.update(
      "send",
      [
        [IDL.Principal, id],
        [IDL.Vec(IDL.Nat8), new Uint8Array(700_000)],
        [IDL.Nat, times],
      ],
      [],
    );
  await send(far, 1n);
  await send(near.id, 5n);
  await assert.rejects(send(far, 5n), /attempted to send a message of size \d+ to another subnet/);
});

test("a new canister is where its effective canister is", async () => {
  const create = async (effective: Principal) => {
    const result = await replica.update({
      requestId: new Uint8Array(32),
      sender: alice,
      canisterId: new Uint8Array(),
      method: "provisional_create_canister_with_cycles",
      arg: new Uint8Array(IDL.encode([IDL.Record({})], [{}])),
      effectiveCanisterId: effective.toUint8Array(),
    });
    assert.equal(result.status, "replied");
    const [made] = IDL.decode(
      [IDL.Record({ canister_id: IDL.Principal })],
      (result as { reply: Uint8Array }).reply,
    );
    return (made as unknown as { canister_id: Principal }).canister_id;
  };
  const { ok: far } = await found(trillion, on(second));
  assert.equal(subnetOfCanister(await create(far)), 2);
  assert.equal(subnetOfCanister(await create(founder.id)), 0);
});

test("a snapshot stays on its subnet", async () => {
  const { ok: far } = await found(trillion, on(first));
  const { ok: near } = await found(4n * trillion, on(second));
  const sender = founder.id.toUint8Array();
  const wasm_module = await fixture("Actor");
  const arg = IDL.encode([], []);
  await manage(
    replica,
    "install_code",
    { canister_id: near, mode: { install: null }, wasm_module, arg },
    sender,
  );
  const taken = { canister_id: near, replace_snapshot: [], uninstall_code: [] };
  const { id: snapshot_id } = await manage(replica, "take_canister_snapshot", taken, sender);
  await assert.rejects(
    manage(replica, "load_canister_snapshot", { canister_id: far, snapshot_id }, sender),
    /on another subnet/,
  );
});
