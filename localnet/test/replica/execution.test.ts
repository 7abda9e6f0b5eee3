import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { IDL } from "@dfinity/candid";
import { createReplica } from "../../src/replica/replica.ts";
import type { Replica } from "../../src/replica/types.ts";
import { type Actor, deploy, fixture } from "./local-canisters.ts";

const bytes = IDL.Vec(IDL.Nat8);
let replica: Replica;
let wasm: Uint8Array;
let actor: Actor;

before(async () => {
  wasm = await fixture("Actor");
  const instructionLimits = { update: 500_000_000n, query: 100_000_000n };
  replica = await createReplica({ subnetId: new Uint8Array(29), instructionLimits });
  actor = await deploy(replica, wasm);
});
after(() => replica[Symbol.asyncDispose]());

const certifiedData = () => [...replica.canister(actor.id.toUint8Array())!.certifiedData];

test("an update stays, a query leaves nothing behind, also through the update path", async () => {
  const n = await actor.update("add", [[IDL.Nat, 5n]]);
  assert.equal(await actor.query("mutate"), n + 1000n);
  assert.equal(await actor.query("mutate"), n + 1000n);
  assert.equal(await actor.update("mutate"), n + 1000n);
  assert.equal(await actor.query("get"), n);
  assert.equal(await actor.update("add", [[IDL.Nat, 0n]]), n);
});

const traps: [method: string, message: RegExp][] = [
  [
    "boom",
    /^IC0503 \(5\): Error from Canister rwlgt-[a-z0-9-]+: Canister called `ic0.trap` with message: 'boom'$/,
  ],
  ["deep", /^IC0502 \(5\): .*Canister trapped: stack overflow/],
  ["growThenTrap", /^IC0503 .*after growth/],
  ["forever", /^IC0522 \(5\): .*exceeded the limit of 500000000 instructions/],
  ["absent", /^IC0536 \(5\): .*Canister has no update method 'absent'\./],
  ["rejects", /^IC0406 \(4\): no thanks$/],
];
for (const [method, message] of traps) {
  test(`${method} ends in its rejection and changes nothing`, async () => {
    const n = await actor.query("get");
    await assert.rejects(actor.update(method, [], []), { message });
    assert.equal(await actor.query("get"), n);
    assert.equal(await actor.update("add", [[IDL.Nat, 1n]]), n + 1n);
  });
}

test("a query that never ends meets its limit", async () => {
  await assert.rejects(actor.query("foreverQuery", [], []), /IC0522 .*100000000 instructions/);
  await assert.rejects(actor.query("absent"), /IC0536 .*no query method 'absent'/);
  assert.equal(typeof (await actor.query("get")), "bigint");
});

test("memory that grew in an undone message can grow again", async () => {
  await assert.rejects(actor.update("growThenTrap", [], []));
  assert.equal(await actor.update("hold", [[IDL.Nat, 40_000_000n]]), 5_000_000n);
  await assert.rejects(actor.update("growThenTrap", [], []));
  assert.equal(await actor.update("hold", [[IDL.Nat, 8n]]), 1n);
});

test("regions keep what committed and lose what trapped", async () => {
  const first = new Uint8Array(200_000).fill(1);
  await actor.update(
    "put",
    [
      [IDL.Nat64, 65_000n],
      [bytes, first],
    ],
    [],
  );
  const second = new Uint8Array(100_000).fill(2);
  await assert.rejects(
    actor.update(
      "putThenTrap",
      [
        [IDL.Nat64, 65_100n],
        [bytes, second],
      ],
      [],
    ),
    /after store/,
  );
  const load = (at: bigint, size: bigint) =>
    actor.query(
      "load",
      [
        [IDL.Nat64, at],
        [IDL.Nat, size],
      ],
      [bytes],
    );
  assert.deepEqual(await load(65_000n, 200_000n), first);
  assert.deepEqual([...(await load(64_998n, 3n))], [0, 0, 1]);
  await assert.rejects(load(1n << 30n, 1n), /IC0503 .*offset out of bounds/);
});

test("certified data changes when its message commits, and the certificate reaches queries", async () => {
  await actor.update("certify", [[bytes, [1, 2, 3]]], []);
  assert.deepEqual(certifiedData(), [1, 2, 3]);
  await assert.rejects(actor.update("certifyThenTrap", [[bytes, [4]]], []));
  assert.deepEqual(certifiedData(), [1, 2, 3]);
  await assert.rejects(
    actor.update("certify", [[bytes, new Uint8Array(33)]], []),
    /IC0504 .*more than 32 bytes/,
  );
  const certificate = Uint8Array.of(7, 8);
  assert.deepEqual(await actor.query("certificate", [], [IDL.Opt(bytes)], certificate), [certificate]);
  assert.deepEqual(await actor.query("certificate", [], [IDL.Opt(bytes)]), []);
});

test("a timer runs as a message of its own", async () => {
  await actor.update("arm", [], []);
  while ((await actor.query("ticked")) === 0n) await new Promise(setImmediate);
  assert.equal(await actor.query("ticked"), 1n);
});

test("inspect_message decides who enters", async () => {
  const ask = (arg: Uint8Array) =>
    replica.inspect({
      requestId: new Uint8Array(32),
      sender: new Uint8Array([4]),
      canisterId: actor.id.toUint8Array(),
      method: "put",
      arg,
    });
  assert.equal(await ask(new Uint8Array(100)), undefined);
  const refused = await ask(new Uint8Array(3_000_001));
  assert.match(refused!.message, /canister_inspect_message explicitly refused message/);
});
