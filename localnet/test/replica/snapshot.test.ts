import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { IDL } from "@dfinity/candid";
import type { Principal } from "@dfinity/principal";
import { createReplica } from "../../src/replica/replica.ts";
import type { Replica } from "../../src/replica/types.ts";
import { type Actor, actorOf, bob, create, deploy, fixture, installCode, manage } from "./local-canisters.ts";

const bytes = IDL.Vec(IDL.Nat8);
const subnetId = new Uint8Array(29);
const mebibyte = 2 ** 20;
let wasm: { actor: Uint8Array; grown: Uint8Array };
let replica: Replica;

before(async () => {
  wasm = { actor: await fixture("Actor"), grown: await fixture("Grown") };
  replica = await createReplica({ subnetId });
});
after(() => replica[Symbol.asyncDispose]());

const put = (actor: Actor, content: Uint8Array) =>
  actor.update(
    "put",
    [
      [IDL.Nat64, 65_000n],
      [bytes, content],
    ],
    [],
  );
const load = (actor: Actor, size: bigint) =>
  actor.query(
    "load",
    [
      [IDL.Nat64, 65_000n],
      [IDL.Nat, size],
    ],
    [bytes],
  );

async function filled(on: Replica): Promise<{ actor: Actor; content: Uint8Array }> {
  const actor = await deploy(on, wasm.actor);
  const content = new Uint8Array(randomBytes(100_000));
  await actor.update("add", [[IDL.Nat, 42n]]);
  await actor.update("hold", [[IDL.Nat, 4_000_000n]]);
  await put(actor, content);
  await actor.update("certify", [[bytes, [7]]], []);
  return { actor, content };
}

const take = (on: Replica, id: Principal, replaced?: Uint8Array) =>
  manage(on, "take_canister_snapshot", {
    canister_id: id,
    replace_snapshot: replaced ? [replaced] : [],
    uninstall_code: [],
  });

test("a snapshot brings back code and state after an upgrade that no reinstallation undoes", async () => {
  const { actor, content } = await filled(replica);
  const canister_id = actor.id;
  const before = replica.canister(canister_id.toUint8Array());
  const { id: snapshot_id, total_size } = await take(replica, canister_id);
  assert.ok(total_size > 4_000_000n);
  await installCode(replica, canister_id, wasm.grown, "keep");
  assert.equal(await actor.query("more"), 6n);
  await assert.rejects(installCode(replica, canister_id, wasm.actor, "keep"), /IC0503 .*Memory-incompatible/);
  await manage(replica, "load_canister_snapshot", { canister_id, snapshot_id });
  assert.deepEqual(replica.canister(canister_id.toUint8Array()), before);
  assert.deepEqual(await load(actor, 100_000n), content);
  await assert.rejects(actor.update("boom", [], []), /boom/);
  assert.equal(await actor.update("add", [[IDL.Nat, 1n]]), 43n);
  assert.equal(await actor.query("mutate"), 1043n);
  await manage(replica, "load_canister_snapshot", { canister_id, snapshot_id });
  assert.equal(await actor.query("get"), 42n, "what happens after the loading leaves the snapshot alone");
});

test("a snapshot counts as memory, is listed, replaced and deleted", async () => {
  const { actor } = await filled(replica);
  const canister_id = actor.id;
  const status = async () => ({ ...(await manage(replica, "canister_status", { canister_id })), ...unspent });
  const list = () => manage(replica, "list_canister_snapshots", { canister_id });
  const empty = await status();
  const first = await take(replica, canister_id);
  assert.deepEqual(await list(), [first]);
  const full = await status();
  assert.equal(full.memory_metrics.snapshots_size, first.total_size);
  assert.equal(full.memory_size, empty.memory_size + first.total_size);
  const second = await take(replica, canister_id, first.id);
  assert.notDeepEqual(second.id, first.id);
  assert.deepEqual(await list(), [second]);
  const gone = { canister_id, snapshot_id: first.id };
  await assert.rejects(manage(replica, "load_canister_snapshot", gone), /IC0305 .*Could not find/);
  await assert.rejects(manage(replica, "delete_canister_snapshot", gone), /IC0305/);
  for (let count = 1; count < 10; count++) await take(replica, canister_id);
  await assert.rejects(take(replica, canister_id), /IC0406 .*maximum number of snapshots allowed: 10/);
  for (const { id } of await list()) {
    await manage(replica, "delete_canister_snapshot", { canister_id, snapshot_id: id });
  }
  assert.deepEqual(await status(), empty);
});

/** What changes with each operation. */
const unspent = { cycles: 0n };

type Reading = { size: bigint; kind: "wasm_module" | "wasm_memory" | "stable_memory" };

/** Copies a snapshot as a client does that keeps it elsewhere: by reading and uploading its parts. */
async function copySnapshot(from: { canister_id: Principal; snapshot_id: Uint8Array }, to: Principal) {
  const metadata = await manage(replica, "read_canister_snapshot_metadata", from);
  const { snapshot_id } = await manage(replica, "upload_canister_snapshot_metadata", {
    ...metadata,
    canister_id: to,
    replace_snapshot: [],
  });
  const target = { canister_id: to, snapshot_id };
  const readings: Reading[] = [
    { kind: "wasm_module", size: metadata.wasm_module_size },
    { kind: "wasm_memory", size: metadata.wasm_memory_size },
    { kind: "stable_memory", size: metadata.stable_memory_size },
  ];
  for (const { kind, size: total } of readings) {
    for (let offset = 0n; offset < total; offset += BigInt(mebibyte)) {
      const size = total - offset < BigInt(mebibyte) ? total - offset : BigInt(mebibyte);
      const read = { ...from, kind: { [kind]: { offset, size } } };
      const { chunk } = await manage(replica, "read_canister_snapshot_data", read);
      const written = { ...target, kind: { [kind]: { offset } }, chunk };
      await manage(replica, "upload_canister_snapshot_data", written);
    }
  }
  for (const { hash } of metadata.wasm_chunk_store) {
    const read = { ...from, kind: { wasm_chunk: { hash } } };
    const { chunk } = await manage(replica, "read_canister_snapshot_data", read);
    await manage(replica, "upload_canister_snapshot_data", { ...target, kind: { wasm_chunk: null }, chunk });
  }
  return { target, metadata };
}

test("a snapshot read out and uploaded to another canister makes it the same", async () => {
  const { actor, content } = await filled(replica);
  await manage(replica, "upload_chunk", { canister_id: actor.id, chunk: content });
  const { id: snapshot_id } = await take(replica, actor.id);
  const from = { canister_id: actor.id, snapshot_id };
  const other = await create(replica);
  const { target, metadata } = await copySnapshot(from, other);
  assert.deepEqual(metadata.source, { taken_from_canister: null });
  const uploaded = await manage(replica, "read_canister_snapshot_metadata", target);
  assert.deepEqual(
    { ...uploaded, source: 0, taken_at_timestamp: 0, canister_version: 0 },
    { ...metadata, source: 0, taken_at_timestamp: 0, canister_version: 0 },
  );
  await manage(replica, "load_canister_snapshot", target);
  const copy = actorOf(replica, other);
  assert.equal(await copy.query("get"), 42n);
  assert.deepEqual(await load(copy, 100_000n), content);
  assert.deepEqual(await manage(replica, "stored_chunks", { canister_id: other }), [
    { hash: new Uint8Array(createHash("sha256").update(content).digest()) },
  ]);
  assert.equal(await copy.update("add", [[IDL.Nat, 1n]]), 43n);
  assert.equal(await actor.query("get"), 42n);
});

test("one canister's snapshot can be loaded onto another of the same controller", async () => {
  const { actor } = await filled(replica);
  const { id: snapshot_id } = await take(replica, actor.id);
  const other = await create(replica);
  await manage(replica, "load_canister_snapshot", { canister_id: other, snapshot_id });
  assert.equal(await actorOf(replica, other).query("get"), 42n);
});

test("what does not fit is refused, and strangers are", async () => {
  const { actor } = await filled(replica);
  const canister_id = actor.id;
  const { id: snapshot_id } = await take(replica, canister_id);
  const named = { canister_id, snapshot_id };
  for (const [method, arg] of [
    ["take_canister_snapshot", { canister_id, replace_snapshot: [], uninstall_code: [] }],
    ["load_canister_snapshot", named],
    ["list_canister_snapshots", { canister_id }],
    ["read_canister_snapshot_metadata", named],
  ] as const) {
    await assert.rejects(manage(replica, method, arg, bob), /IC0512 .*Only controllers/);
  }
  const chunk = new Uint8Array(1);
  const write = { ...named, kind: { wasm_memory: { offset: 0n } }, chunk };
  await assert.rejects(
    manage(replica, "upload_canister_snapshot_data", write),
    /IC0409 .*created by metadata upload/,
  );
  const read = { ...named, kind: { wasm_module: { offset: 2n ** 40n, size: 1n } } };
  await assert.rejects(manage(replica, "read_canister_snapshot_data", read), /IC0408 .*reach beyond/);
  const { target } = await copySnapshot(named, canister_id);
  const beyond = { ...target, kind: { stable_memory: { offset: 2n ** 60n } }, chunk };
  await assert.rejects(manage(replica, "upload_canister_snapshot_data", beyond), /IC0408 .*reach beyond/);
  const metadata = await manage(replica, "read_canister_snapshot_metadata", named);
  const lesser = { ...metadata, canister_id, replace_snapshot: [], globals: [] };
  const uploaded = await manage(replica, "upload_canister_snapshot_metadata", lesser);
  await assert.rejects(
    manage(replica, "load_canister_snapshot", { canister_id, ...uploaded }),
    /IC0505 .*Wasm module is not valid/,
  );
  assert.equal(await actor.query("get"), 42n);
  const nothing = await create(replica);
  await assert.rejects(take(replica, nothing), /IC0406 .*empty canister/);
});

test("snapshots survive a restart", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "replica-snapshots-"));
  const options = { subnetId, state: folder.path };
  let id: Principal;
  let listed: { id: Uint8Array }[];
  let content: Uint8Array;
  {
    await using first = await createReplica(options);
    const made = await filled(first);
    id = made.actor.id;
    content = made.content;
    await take(first, id);
    await first.flush();
    await made.actor.update("add", [[IDL.Nat, 5n]]);
    await put(made.actor, new Uint8Array(100_000));
    listed = await manage(first, "list_canister_snapshots", { canister_id: id });
  }
  await using second = await createReplica(options);
  const actor = actorOf(second, id);
  assert.equal(await actor.query("get"), 47n);
  const found: { id: Uint8Array }[] = await manage(second, "list_canister_snapshots", { canister_id: id });
  assert.deepEqual(found, listed!);
  await manage(second, "load_canister_snapshot", { canister_id: id, snapshot_id: found[0]!.id });
  assert.equal(await actor.query("get"), 42n);
  assert.deepEqual(await load(actor, 100_000n), content);
  assert.notDeepEqual((await take(second, id)).id, found[0]!.id);
});
