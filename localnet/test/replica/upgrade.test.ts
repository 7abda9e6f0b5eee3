import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { IDL } from "@dfinity/candid";
import { createReplica } from "../../src/replica/replica.ts";
import type { Replica } from "../../src/replica/types.ts";
import {
  actorOf,
  alice,
  bob,
  create,
  deploy,
  emptyArg,
  fixture,
  installCode,
  manage,
  modes,
} from "./local-canisters.ts";

const bytes = IDL.Vec(IDL.Nat8);
let replica: Replica;
let wasm: { actor: Uint8Array; grown: Uint8Array; legacy: Uint8Array };

before(async () => {
  const [actor, grown, legacy] = [await fixture("Actor"), await fixture("Grown"), await fixture("Legacy")];
  wasm = { actor, grown, legacy };
  replica = await createReplica({ subnetId: new Uint8Array(29) });
});
after(() => replica[Symbol.asyncDispose]());

test("an upgrade that keeps the memory keeps variables and regions", async () => {
  const actor = await deploy(replica, wasm.actor);
  await actor.update("add", [[IDL.Nat, 42n]]);
  await actor.update("hold", [[IDL.Nat, 20_000_000n]]);
  await actor.update(
    "put",
    [
      [IDL.Nat64, 0n],
      [bytes, [1, 2, 3]],
    ],
    [],
  );
  await actor.update("certify", [[bytes, [9]]], []);
  await installCode(replica, actor.id, wasm.actor, "keep");
  assert.equal(await actor.query("get"), 42n);
  assert.deepEqual(
    [
      ...(await actor.query(
        "load",
        [
          [IDL.Nat64, 0n],
          [IDL.Nat, 3n],
        ],
        [bytes],
      )),
    ],
    [1, 2, 3],
  );
  assert.deepEqual([...replica.canister(actor.id.toUint8Array())!.certifiedData], [9]);
  await assert.rejects(actor.update("boom", [], []), /boom/);
  assert.equal(await actor.query("mutate"), 1042n);
  assert.equal(await actor.update("add", [[IDL.Nat, 1n]]), 43n);
});

test("an upgrade to more state runs its hook and goes on", async () => {
  const actor = await deploy(replica, wasm.actor);
  await actor.update("add", [[IDL.Nat, 1n]]);
  await installCode(replica, actor.id, wasm.grown, "keep");
  assert.deepEqual([await actor.query("get"), await actor.query("more")], [1n, 6n]);
  await assert.rejects(actor.update("boom", [], []), /IC0536/);
  await installCode(replica, actor.id, wasm.grown, "keep");
  assert.deepEqual([await actor.query("get"), await actor.query("more")], [1n, 7n]);
});

test("an upgrade that fails leaves everything as it was", async () => {
  const actor = await deploy(replica, wasm.actor);
  await actor.update("add", [[IDL.Nat, 13n]]);
  await actor.update("certify", [[bytes, [5]]], []);
  const before = replica.canister(actor.id.toUint8Array());
  const refused = async (module: Uint8Array, mode: keyof typeof modes, why: RegExp) => {
    await assert.rejects(installCode(replica, actor.id, module, mode), why);
    assert.deepEqual(replica.canister(actor.id.toUint8Array()), before);
    assert.equal(await actor.query("get"), 13n);
    assert.equal(await actor.query("mutate"), 1013n);
    assert.equal(await actor.update("add", [[IDL.Nat, 0n]]), 13n);
  };
  await refused(wasm.grown, "keep", /IC0503 .*thirteen/);
  await refused(wasm.legacy, "keep", /IC0503 .*Memory-incompatible program upgrade/);
  await refused(wasm.actor, "unspecified", /IC0504 .*requires the `wasm_memory_persistence` upgrade option/);
  await refused(wasm.actor, "install", /IC0514 .*not empty/);
  await refused(new TextEncoder().encode("no wasm"), "keep", /IC0505 .*not a Wasm module/);
  await installCode(replica, actor.id, wasm.actor, "keep");
  assert.equal(await actor.query("get"), 13n);
});

test("a reinstallation starts from nothing", async () => {
  const actor = await deploy(replica, wasm.actor);
  await actor.update("add", [[IDL.Nat, 8n]]);
  await actor.update(
    "put",
    [
      [IDL.Nat64, 0n],
      [bytes, [1]],
    ],
    [],
  );
  await actor.update("certify", [[bytes, [9]]], []);
  await installCode(replica, actor.id, wasm.actor, "reinstall");
  assert.equal(await actor.query("get"), 0n);
  await assert.rejects(
    actor.query(
      "load",
      [
        [IDL.Nat64, 0n],
        [IDL.Nat, 1n],
      ],
      [bytes],
    ),
    /out of bounds/,
  );
  assert.equal(replica.canister(actor.id.toUint8Array())!.certifiedData.length, 0);
});

test("a module can come in chunks and compressed", async () => {
  const id = await create(replica);
  const source = new Uint8Array(gzipSync(wasm.actor));
  const half = Math.floor(source.length / 2);
  const hashes: { hash: Uint8Array }[] = [];
  for (const chunk of [source.subarray(0, half), source.subarray(half)]) {
    hashes.push(await manage(replica, "upload_chunk", { canister_id: id, chunk }));
  }
  assert.deepEqual(await manage(replica, "stored_chunks", { canister_id: id }), hashes);
  const install = (hash: Uint8Array) =>
    manage(replica, "install_chunked_code", {
      mode: modes.install,
      target_canister: id,
      store_canister: [],
      chunk_hashes_list: hashes,
      wasm_module_hash: hash,
      arg: emptyArg,
    });
  await assert.rejects(install(new Uint8Array(32)), /IC0504 .*Wasm chunk store: .*not 0000/);
  const hash = new Uint8Array(createHash("sha256").update(source).digest());
  await install(hash);
  assert.deepEqual(replica.canister(id.toUint8Array())!.moduleHash, hash);
  assert.equal(await actorOf(replica, id).query("get"), 0n);
  await manage(replica, "clear_chunk_store", { canister_id: id });
  assert.deepEqual(await manage(replica, "stored_chunks", { canister_id: id }), []);
});

test("only controllers change a canister", async () => {
  const id = await create(replica);
  const target = { canister_id: id };
  for (const method of ["stop_canister", "uninstall_code", "canister_status", "delete_canister"] as const) {
    await assert.rejects(manage(replica, method, target, bob), /IC0512 .*Only controllers of canister/);
  }
  await assert.rejects(manage(replica, "delete_canister", target, alice), /IC0510 .*must be stopped/);
  await manage(replica, "stop_canister", target);
  await manage(replica, "delete_canister", target);
  await assert.rejects(manage(replica, "canister_status", target), /IC0301 .*not found/);
});
