import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  type FileHandle,
  mkdtempDisposable,
  open,
  readdir,
  stat,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { createReplica } from "../../src/replica/replica.ts";
import { actorOf, create, deploy, fixture, installCode, manage, noSettings } from "./local-canisters.ts";

const bytes = IDL.Vec(IDL.Nat8);
const subnetId = new Uint8Array(29);
const pair = IDL.Record({ onHeap: IDL.Nat64, inRegion: IDL.Nat64 });
const program = fileURLToPath(new URL("./writing-process.ts", import.meta.url));
const stateFolder = () => mkdtempDisposable(join(tmpdir(), "replica-state-"));

test("canisters come back as they were, and go on", async () => {
  await using folder = await stateFolder();
  // Time stands still, so that nothing is paid for it.
  const options = { subnetId, state: folder.path, now: () => 1n };
  const content = crypto.getRandomValues(new Uint8Array(60_000));
  let before: { cycles: bigint };
  let state: unknown;
  let id: Principal;
  {
    await using replica = await createReplica(options);
    await create(replica);
    const actor = await deploy(replica, await fixture("Actor"));
    id = actor.id;
    await actor.update("add", [[IDL.Nat, 3n]]);
    await actor.update(
      "put",
      [
        [IDL.Nat64, 70_000n],
        [bytes, content],
      ],
      [],
    );
    await replica.flush();
    await actor.update("hold", [[IDL.Nat, 4_000_000n]]);
    await actor.update("certify", [[bytes, [1, 2]]], []);
    await manage(replica, "upload_chunk", { canister_id: id, chunk: content });
    await manage(replica, "update_settings", {
      canister_id: id,
      settings: { ...noSettings, log_visibility: [{ public: null }], freezing_threshold: [7n] },
    });
    before = await manage(replica, "canister_status", { canister_id: id });
    state = replica.canister(id.toUint8Array());
  }
  for (const sum of [8n, 13n]) {
    await using replica = await createReplica(options);
    const actor = actorOf(replica, id);
    assert.deepEqual(await manage(replica, "canister_status", { canister_id: id }), before);
    assert.deepEqual(replica.canister(id.toUint8Array()), state);
    const load = actor.query(
      "load",
      [
        [IDL.Nat64, 70_000n],
        [IDL.Nat, 60_000n],
      ],
      [bytes],
    );
    assert.deepEqual(await load, content);
    await assert.rejects(actor.update("boom", [], []), /boom/);
    assert.equal(await actor.update("add", [[IDL.Nat, 5n]]), sum);
    assert.equal(await actor.query("get"), sum);
    assert.equal((await actor.query("mutate")) - 1000n, sum);
    before = await manage(replica, "canister_status", { canister_id: id });
  }
  await using replica = await createReplica(options);
  await installCode(replica, id, await fixture("Actor"), "keep");
  assert.equal(await actorOf(replica, id).query("get"), 13n);
  assert.equal((await create(replica)).toText(), "ryjl3-tyaaa-aaaaa-aaaba-cai");
});

test("files that no longer count are removed, and their number stays small", async () => {
  await using folder = await stateFolder();
  await using replica = await createReplica({ subnetId, state: folder.path });
  const actor = await deploy(replica, await fixture("Actor"));
  for (let round = 0; round < 40; round++) {
    await actor.update("add", [[IDL.Nat, 1n]]);
    await replica.flush();
  }
  const files = await readdir(join(folder.path, "files"));
  assert.ok(files.length < 12, `${files.length} files`);
  await manage(replica, "stop_canister", { canister_id: actor.id });
  await manage(replica, "delete_canister", { canister_id: actor.id });
  await replica.flush();
  assert.deepEqual(await readdir(join(folder.path, "files")), []);
});

test("a process killed while it writes leaves the state of one moment, with every answered update", async () => {
  await using folder = await stateFolder();
  const wasm = await fixture("Twin");
  let id: string | undefined;
  let answered = 0n;
  for (const killAfter of [3, 7, 12]) {
    const child = fork(program, [folder.path, id ?? ""], { serialization: "advanced" });
    const exited = once(child, "exit");
    let saves = 0;
    child.on("message", (message: { id: string; answered: bigint }) => {
      ({ id, answered } = message);
      saves += 1;
      if (saves === killAfter) child.kill("SIGKILL");
    });
    child.send(wasm);
    await exited;
    await using replica = await createReplica({ subnetId, state: folder.path });
    const actor = actorOf(replica, Principal.fromText(id!));
    const { onHeap, inRegion } = await actor.query("both", [], [pair]);
    assert.ok(answered > 0n && onHeap >= answered, `${answered} were answered, ${onHeap} are there`);
    assert.equal(onHeap, inRegion);
  }
});

/** The files that are synced while it runs, by inode. */
async function syncedWhile(context: TestContext, run: () => Promise<void>): Promise<Set<number>> {
  const synced = new Set<number>();
  await using folder = await stateFolder();
  await using probe = await open(join(folder.path, "probe"), "w");
  const prototype: FileHandle = Object.getPrototypeOf(probe);
  const { sync } = prototype;
  context.mock.method(prototype, "sync", async function (this: FileHandle) {
    synced.add((await this.stat()).ino);
    await sync.call(this);
  });
  await run();
  context.mock.restoreAll();
  return synced;
}

for (const durability of ["process", "machine"] as const) {
  test(`durability ${durability}: what an answered update left is on disk or not`, async (context) => {
    await using folder = await stateFolder();
    await using replica = await createReplica({ subnetId, state: folder.path, durability });
    const synced = await syncedWhile(context, async () => {
      const actor = await deploy(replica, await fixture("Actor"));
      await actor.update("add", [[IDL.Nat, 3n]]);
    });
    const names = await readdir(join(folder.path, "files"));
    const paths = ["", "state.json", "files", ...names.map((name) => join("files", name))];
    const inodes = await Promise.all(paths.map(async (path) => (await stat(join(folder.path, path))).ino));
    const expected = paths.map(() => durability === "machine");
    assert.deepEqual(
      inodes.map((inode) => synced.has(inode)),
      expected,
    );
  });
}

test("what a save left that did not end does no harm and goes", async () => {
  await using folder = await stateFolder();
  const files = join(folder.path, "files");
  const wasm = await fixture("Actor");
  const hash = createHash("sha256").update(wasm).digest("hex");
  {
    await using replica = await createReplica({ subnetId, state: folder.path });
    await create(replica);
  }
  // The machine died in the middle: names are there, their contents only in part.
  await writeFile(join(folder.path, "state.json.new"), `{"format":1,"next":"7"`);
  await writeFile(join(files, `module-${hash}`), wasm.subarray(0, 1000));
  await writeFile(join(files, "pages-11111111-2222-3333-4444-555555555555"), new Uint8Array(100));
  let id: Principal;
  {
    await using replica = await createReplica({ subnetId, state: folder.path });
    assert.equal(replica.canisterIds().length, 3);
    assert.deepEqual(await readdir(files), []);
    const actor = await deploy(replica, wasm);
    assert.equal(await actor.update("add", [[IDL.Nat, 3n]]), 3n);
    id = actor.id;
  }
  await using replica = await createReplica({ subnetId, state: folder.path });
  assert.equal(await actorOf(replica, id).query("get"), 3n);
});

for (const kind of ["pages", "module", "chunk"]) {
  test(`a torn file of the last save is named: ${kind}`, async () => {
    await using folder = await stateFolder();
    {
      await using replica = await createReplica({ subnetId, state: folder.path });
      const actor = await deploy(replica, await fixture("Actor"));
      await manage(replica, "upload_chunk", { canister_id: actor.id, chunk: new Uint8Array(1000) });
    }
    const files = join(folder.path, "files");
    const name = (await readdir(files)).find((name) => name.startsWith(kind))!;
    await truncate(join(files, name), 500);
    await assert.rejects(createReplica({ subnetId, state: folder.path }), {
      code: "STATE_UNREADABLE",
      message: new RegExp(`${name} is not whole`),
    });
  });
}

test("a state that cannot be read is named, not overwritten", async () => {
  await using folder = await stateFolder();
  await writeFile(join(folder.path, "state.json"), `{"format":1`);
  await assert.rejects(createReplica({ subnetId, state: folder.path }), { code: "STATE_UNREADABLE" });
});
