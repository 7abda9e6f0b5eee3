import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type StorageClient, storageClient } from "../../../src/ic/canisters/storage-client.ts";
import { installCanister } from "../../../src/ic/deploy/install.ts";
import { allocateBucket } from "../../../src/ic/upload/allocate-bucket.ts";
import { configuredBy } from "../../canisters/network.ts";
import { quick, startTestNetwork, type TestNetwork } from "../local-network.ts";

let network: TestNetwork;
let buckets: [StorageClient, StorageClient];
before(async () => {
  network = await startTestNetwork();
  const { agent, canisters, modules } = network;
  const arg = configuredBy(canisters.global_configuration);
  const canisterId = await installCanister({ agent, wasm: modules.storage, arg, mode: "install" });
  buckets = [network.storage, storageClient({ agent, canisterId, retry: quick })];
});
after(() => network[Symbol.asyncDispose]());

const allocate = async (options: Partial<Parameters<typeof allocateBucket>[0]> = {}) =>
  (await allocateBucket({ buckets, uploadId: "video-new", bytes: 1_000, ...options })).canisterId;

test("the bucket that the index names, whatever the others hold", async () => {
  assert.equal(await allocate({ known: buckets[1].canisterId }), buckets[1].canisterId);
  await assert.rejects(allocate({ known: "aaaaa-aa" }), {
    code: "BUCKET_UNKNOWN",
    message: /KILN_STORAGE_CANISTER/,
  });
});

test("the bucket where the upload was begun, else one with room; a single bucket is not queried", async () => {
  for (const bucket of buckets) {
    const upload = { uploadId: `video-${bucket.canisterId}`, attempt: 1, chunkBytes: 10, files: [] };
    await bucket.beginUpload(upload);
    assert.equal(await allocate({ uploadId: upload.uploadId }), bucket.canisterId);
  }
  const uploads = Array.from({ length: 30 }, (_, upload) => allocate({ uploadId: `video-${upload}` }));
  assert.equal(new Set(await Promise.all(uploads)).size, 2);
  const bytes = 10 ** 13;
  await assert.rejects(allocate({ bytes }), { code: "OUT_OF_SPACE", message: /none of the 2/ });
  assert.equal(await allocate({ buckets: [buckets[1]], bytes }), buckets[1].canisterId);
});
