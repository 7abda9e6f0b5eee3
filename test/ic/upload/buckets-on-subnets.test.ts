import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { cyclesLedger } from "../../../src/ic/canisters/cycles-ledger.ts";
import { canistersOf } from "../../../src/ic/canisters/directory.ts";
import { registerCanister } from "../../../src/ic/canisters/roles.ts";
import { type StorageClient, storageClient } from "../../../src/ic/canisters/storage-client.ts";
import { installCanister } from "../../../src/ic/deploy/install.ts";
import { verifyPublished } from "../../../src/ic/publish/verify-published.ts";
import { allocateBucket } from "../../../src/ic/upload/allocate-bucket.ts";
import type { LocalFile } from "../../../src/ic/upload/local-file.ts";
import { upload } from "../../../src/ic/upload/uploader.ts";
import { configuredBy } from "../../canisters/network.ts";
import { quick, startTestNetwork, type TestNetwork } from "../local-network.ts";

let network: TestNetwork;
let buckets: StorageClient[];
before(async () => {
  network = await startTestNetwork();
  const { agent, canisters, modules } = network;
  const subnet = (await network.control.subnetIds())[1]!;
  const canisterId = await cyclesLedger(agent).createCanister({ cycles: 10_000_000_000_000n, subnet });
  const arg = configuredBy(canisters.global_configuration);
  await installCanister({ agent, wasm: modules.storage, arg, canisterId, mode: "install" });
  await registerCanister(agent, canisters.global_configuration, { id: canisterId, kind: "storage" });
  const ids = await canistersOf(agent, canisters.global_configuration, "storage");
  assert.deepEqual(ids.toSorted(), [canisters.storage, canisterId].toSorted());
  buckets = ids.map((id) => storageClient({ agent, canisterId: id, retry: { ...quick, tries: 8 } }));
});
after(() => network[Symbol.asyncDispose]());

const files = (name: string, count: number): LocalFile[] =>
  Array.from({ length: count }, (_, number) => ({
    path: `/${name}/${number}`,
    contentType: "video/mp4",
    cacheControl: "public, max-age=60",
    source: { kind: "bytes", bytes: randomBytes(1_200_000) },
  }));

test("videos spread over the buckets of both subnets and can be read back, even if calls to one bucket fail", async () => {
  const [slow] = buckets;
  await network.control.injectFault({ kind: "delay", milliseconds: 30, callee: slow!.canisterId });
  const rejected = { callee: slow!.canisterId, method: "put_chunks", times: 4 };
  await network.control.injectFault({ kind: "reject", ...rejected });
  const reports = await Promise.all(
    Array.from({ length: 6 }, async (_, number) => {
      const uploadId = `video-${number}`;
      const storage = await allocateBucket({ buckets, uploadId, bytes: 3_600_000 });
      return upload({ storage, uploadId, attempt: 1, files: files(uploadId, 3) });
    }),
  );
  await network.control.clearFaults();
  const used = new Set(reports.map(({ bandwidth }) => bandwidth.bucket));
  assert.deepEqual([...used].toSorted(), buckets.map(({ canisterId }) => canisterId).toSorted());
  for (const { files: sent, bandwidth } of reports) {
    const { bucket, bytes, chunks, seconds } = bandwidth;
    assert.deepEqual([bytes, chunks, seconds > 0], [3_600_000, 3, true]);
    assert.deepEqual(await verifyPublished({ gatewayUrl: network.url, canisterId: bucket, files: sent }), []);
  }
});

test("transient refusals of a bucket shrink the window, are retried, and are reported", async () => {
  const [bucket] = buckets;
  await network.control.injectFault({
    ...{ kind: "reject", times: 3 },
    ...{ callee: bucket!.canisterId, method: "put_chunks" },
  });
  const report = await upload({
    storage: bucket!,
    uploadId: "refused",
    attempt: 1,
    files: files("refused", 12),
    window: { start: 3, max: 16 },
  });
  await network.control.clearFaults();
  const { repeated, chunks, callsInFlight } = report.bandwidth;
  assert.deepEqual([repeated, chunks], [3, 12]);
  assert.ok(
    callsInFlight.most >= 3 && callsInFlight.mean <= callsInFlight.most,
    JSON.stringify(callsInFlight),
  );
});

test("a bucket whose subnet does not answer is skipped", async () => {
  await network.control.stopSubnet(1);
  const uploads = Array.from({ length: 8 }, (_, number) =>
    allocateBucket({ buckets, uploadId: `silent-${number}`, bytes: 1 }),
  );
  const chosen = new Set((await Promise.all(uploads)).map(({ canisterId }) => canisterId));
  await network.control.startSubnet(1);
  assert.deepEqual([...chosen], [network.canisters.storage]);
});

test("an interrupted upload resumes in the bucket where it was begun", async () => {
  for (const bucket of buckets) {
    const uploadId = `broken-${bucket.canisterId}`;
    const stop = new AbortController();
    const sent = files(uploadId, 4);
    const breaking: StorageClient = {
      ...bucket,
      putChunks: async (...call) => {
        await bucket.putChunks(...call);
        stop.abort(new Error("cut off"));
      },
    };
    const window = { start: 1, max: 1 };
    await assert.rejects(
      upload({ storage: breaking, uploadId, attempt: 1, files: sent, window, signal: stop.signal }),
      { message: "cut off" },
    );
    const again = await allocateBucket({ buckets, uploadId, bytes: 1 });
    assert.equal(again.canisterId, bucket.canisterId);
    const report = await upload({ storage: again, uploadId, attempt: 2, files: sent });
    assert.equal(report.bandwidth.chunks, 3);
  }
});
