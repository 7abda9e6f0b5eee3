import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { downloadSnapshot } from "../../../src/ic/recovery/snapshot-download.ts";
import { snapshotFiles, snapshotManifestName } from "../../../src/ic/recovery/snapshot-manifest.ts";
import { uploadSnapshot } from "../../../src/ic/recovery/snapshot-upload.ts";
import { loadSnapshot, takeSnapshot } from "../../../src/ic/recovery/snapshots.ts";
import { allChunks, noise, upload } from "../../canisters/files.ts";
import { type CanisterNetwork, ok, startCanisters } from "../../canisters/network.ts";

let folder: string;
let network: CanisterNetwork;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "kiln-snapshot-"));
  network = await startCanisters();
});
after(async () => {
  await network[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const sample = { path: "/v/kept/a.bin", bytes: noise("kept", 9_500) };

test("a snapshot on disk restores a canister: memory, stable memory, certified data", async () => {
  const { admin, agent, canisters, url } = network;
  const canisterId = canisters.storage;
  ok(await admin.storage.begin_upload(upload("kept", 1, [sample])));
  ok(await admin.storage.put_chunks("kept", 1n, allChunks([sample])));
  ok(await admin.storage.hash_files("kept", 1n));
  ok(await admin.storage.commit("kept", 1n));
  const look = async () => {
    const response = await fetch(`${url}/-/${canisterId}${sample.path}`);
    return [response.status, Buffer.from(await response.arrayBuffer()).length];
  };
  assert.deepEqual(await look(), [200, sample.bytes.length]);
  const { snapshot } = await takeSnapshot(agent, canisterId);
  const into = join(folder, "storage");
  const manifest = await downloadSnapshot({ agent, canisterId, snapshot, folder: into });
  assert.ok(manifest.files.stable_memory.bytes >= sample.bytes.length);
  assert.equal(manifest.certifiedData.length, 64);
  const again = join(folder, "again");
  assert.deepEqual(await downloadSnapshot({ agent, canisterId, snapshot, folder: again }), manifest);
  await assert.rejects(downloadSnapshot({ agent, canisterId, snapshot, folder: into }), {
    code: "FOLDER_NOT_EMPTY",
  });
  ok(await admin.storage.delete_upload("kept", 1n));
  assert.equal((await look())[0], 410);
  const sent = await uploadSnapshot({ agent, canisterId, folder: into });
  assert.notEqual(sent, snapshot);
  await loadSnapshot(agent, canisterId, sent);
  assert.deepEqual(await look(), [200, sample.bytes.length]);
});

test("a folder that differs from what was downloaded is refused before anything is sent", async () => {
  const { agent, canisters } = network;
  const canisterId = canisters.global_configuration;
  const { snapshot } = await takeSnapshot(agent, canisterId);
  const into = join(folder, "damaged");
  await downloadSnapshot({ agent, canisterId, snapshot, folder: into });
  const refused = () =>
    assert.rejects(uploadSnapshot({ agent, canisterId, folder: into }), { code: "SNAPSHOT_INVALID" });
  const memory = join(into, snapshotFiles.wasm_memory);
  const bytes = await readFile(memory);
  await writeFile(
    memory,
    Uint8Array.from(bytes, (byte, at) => (at === 1_000 ? byte ^ 1 : byte)),
  );
  await refused();
  await writeFile(memory, bytes.subarray(1));
  await refused();
  await rm(memory);
  await refused();
  await writeFile(memory, bytes);
  await uploadSnapshot({ agent, canisterId, folder: into });
  await writeFile(join(into, snapshotManifestName), "{}");
  await refused();
});
