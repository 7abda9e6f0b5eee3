import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createAgent } from "@kiln/client/network/agent";
import { gatewayUrl } from "@kiln/client/network/gateway-url";
import { maxChunkBytes } from "../../../src/base/chunk-bytes.ts";
import { type StorageClient, storageClient } from "../../../src/ic/canisters/storage-client.ts";
import { madeUpIdentity } from "../../../src/ic/network/identity.ts";
import { verifyPublished } from "../../../src/ic/publish/verify-published.ts";
import type { LocalFile } from "../../../src/ic/upload/local-file.ts";
import { upload } from "../../../src/ic/upload/uploader.ts";
import { quick, startTestNetwork } from "../local-network.ts";
import { startDroppingProxy } from "./dropping-proxy.ts";

const network = await startTestNetwork();
const folder = await mkdtemp(join(tmpdir(), "kiln-uploader-"));
after(async () => {
  await network[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});
const { storage } = network;

const inMemory = (path: string, bytes: Uint8Array): LocalFile => ({
  path,
  contentType: "video/mp4",
  cacheControl: "public, max-age=60",
  source: { kind: "bytes", bytes },
});

/** Somebody who listens to what is sent. */
function counting(inner: StorageClient) {
  const sent = { calls: 0, chunks: 0, bytesInFlight: 0, peakBytes: 0 };
  const counted: StorageClient = {
    ...inner,
    putChunks: async (upload, chunks, options) => {
      const bytes = chunks.reduce((sum, chunk) => sum + chunk.bytes.length, 0);
      sent.calls += 1;
      sent.chunks += chunks.length;
      sent.bytesInFlight += bytes;
      sent.peakBytes = Math.max(sent.peakBytes, sent.bytesInFlight);
      try {
        await inner.putChunks(upload, chunks, options);
      } finally {
        sent.bytesInFlight -= bytes;
      }
    },
  };
  return { sent, counted };
}

async function comesBack(files: Awaited<ReturnType<typeof upload>>["files"]): Promise<void> {
  const differences = await verifyPublished({
    gatewayUrl: network.url,
    canisterId: storage.canisterId,
    files,
  });
  assert.deepEqual(differences, []);
}

test("upload: files of no, one and several chunks are served over HTTP as they were sent", async () => {
  const files = [0, 1, maxChunkBytes, maxChunkBytes + 1, 4_500_000].map((size) =>
    inMemory(`/sizes/${size}`, randomBytes(size)),
  );
  const phases: string[] = [];
  const report = await upload({
    storage,
    uploadId: "sizes",
    attempt: 1,
    files,
    onProgress: ({ phase }) => phases.at(-1) === phase || phases.push(phase),
  });
  assert.equal(report.sentChunks, 8);
  assert.deepEqual(phases, ["send", "verify", "done"]);
  await comesBack(report.files);
  assert.deepEqual(await storage.get("/sizes/4500000"), {
    path: "/sizes/4500000",
    contentType: "video/mp4",
    cacheControl: "public, max-age=60",
    size: 4_500_000,
    sha256: Uint8Array.from(Buffer.from(report.files[4]!.sha256, "hex")),
    chunkBytes: maxChunkBytes,
    chunks: 3,
    uploadId: "sizes",
  });
});

test("upload: repeating it sends nothing, even with a higher attempt", async () => {
  const files = [inMemory("/again/a", randomBytes(5_000)), inMemory("/again/b", randomBytes(2_000_000))];
  await upload({ storage, uploadId: "again", attempt: 1, files });
  for (const attempt of [1, 2]) {
    const { sent, counted } = counting(storage);
    const report = await upload({ storage: counted, uploadId: "again", attempt, files });
    assert.deepEqual([report.sentChunks, report.sentBytes, sent.calls], [0, 0, 0]);
  }
});

test("upload: small files share calls", async () => {
  const files = Array.from({ length: 200 }, (_, i) => inMemory(`/small/${i}`, randomBytes(1_000)));
  const { sent, counted } = counting(storage);
  const report = await upload({ storage: counted, uploadId: "small", attempt: 1, files });
  assert.deepEqual([sent.calls, sent.chunks], [1, 200]);
  await comesBack(report.files.slice(0, 5));
});

test("upload: memory is bounded by the window, not by the file", async () => {
  const file = join(folder, "large.mp4");
  const handle = await open(file, "w");
  await handle.truncate(30_000_000);
  await handle.write(randomBytes(1000), 0, 1000, 29_000_000);
  await handle.close();
  const { sent, counted } = counting(storage);
  let reported = 0;
  const report = await upload({
    storage: counted,
    uploadId: "large",
    attempt: 1,
    files: [
      { path: "/large", contentType: "video/mp4", cacheControl: "no-store", source: { kind: "file", file } },
    ],
    window: { start: 2, max: 3 },
    onProgress: ({ bytesInFlight }) => {
      reported = Math.max(reported, bytesInFlight);
    },
  });
  assert.ok(sent.peakBytes > maxChunkBytes && sent.peakBytes <= 3 * maxChunkBytes, `${sent.peakBytes} bytes`);
  assert.ok(reported <= 3 * maxChunkBytes, `${reported} bytes`);
  await comesBack(report.files);
});

test("upload: after an interruption the next run sends only what is missing", async () => {
  const files = Array.from({ length: 6 }, (_, i) => inMemory(`/resume/${i}`, randomBytes(1_500_000)));
  const stop = new AbortController();
  const first = counting(storage);
  const cut: StorageClient = {
    ...first.counted,
    putChunks: async (...call) => {
      await first.counted.putChunks(...call);
      if (first.sent.chunks === 2) stop.abort(new Error("cut off"));
    },
  };
  const options = { uploadId: "resume", attempt: 1, files, window: { start: 1, max: 1 } };
  await assert.rejects(upload({ ...options, storage: cut, signal: stop.signal }), { message: "cut off" });
  const visible = await fetch(gatewayUrl(network.url, storage.canisterId, "/resume/0"));
  assert.equal(visible.status, 404, "nothing is visible before the commit");

  const second = counting(storage);
  const report = await upload({ ...options, storage: second.counted, attempt: 2 });
  assert.deepEqual([first.sent.chunks, second.sent.chunks, report.sentBytes], [2, 4, 6_000_000]);
  await comesBack(report.files);
});

test("upload: succeeds over a connection that drops every third request or response", async () => {
  await using proxy = await startDroppingProxy(network.url, 3);
  const agent = await createAgent({
    host: proxy.url,
    identity: (await network.agent.config.identity)!,
    rootKey: { from: "bytes", bytes: network.agent.rootKey! },
  });
  const files = Array.from({ length: 8 }, (_, i) => inMemory(`/dropped/${i}`, randomBytes(1_200_000)));
  const report = await upload({
    storage: storageClient({ agent, canisterId: storage.canisterId, retry: { ...quick, tries: 10 } }),
    uploadId: "dropped",
    attempt: 1,
    files,
  });
  await comesBack(report.files);
});

test("upload: an older attempt is refused with the number of the newer one", async () => {
  const files = [inMemory("/stale/a", randomBytes(10))];
  await upload({ storage, uploadId: "stale", attempt: 5, files });
  await assert.rejects(upload({ storage, uploadId: "stale", attempt: 4, files }), {
    code: "STALE_ATTEMPT",
    message: "attempt 5 has taken upload stale over: this one (4) stops",
  });
});

test("upload: the refusal of a principal without the role names it and says what to do", async () => {
  const agent = await network.stranger();
  const theirs = storageClient({ agent, canisterId: storage.canisterId });
  await assert.rejects(
    upload({ storage: theirs, uploadId: "u", attempt: 1, files: [inMemory("/u", randomBytes(1))] }),
    { code: "UNAUTHORIZED", message: new RegExp(`refuses ${await agent.getPrincipal()}: .*role publisher`) },
  );
});

test("upload: a path of another upload is refused with a message", async () => {
  await upload({ storage, uploadId: "mine", attempt: 1, files: [inMemory("/owned", randomBytes(10))] });
  await assert.rejects(
    upload({ storage, uploadId: "theirs", attempt: 1, files: [inMemory("/owned", randomBytes(10))] }),
    { code: "UPLOAD_INVALID", message: /\/owned/ },
  );
});

test("upload: a file that changes during the upload is detected, and nothing of it becomes visible", async () => {
  const file = join(folder, "changing.mp4");
  await writeFile(file, randomBytes(3_000_000));
  const changing: StorageClient = {
    ...storage,
    beginUpload: async (...call) => {
      const status = await storage.beginUpload(...call);
      await writeFile(file, randomBytes(3_000_000));
      return status;
    },
  };
  await assert.rejects(
    upload({
      storage: changing,
      uploadId: "changing",
      attempt: 1,
      files: [
        {
          path: "/changing",
          contentType: "video/mp4",
          cacheControl: "no-store",
          source: { kind: "file", file },
        },
      ],
    }),
    { code: "FILE_CHANGED" },
  );
  assert.equal(await storage.get("/changing"), undefined);
});

test("upload: the error says if nothing listens at the host", async () => {
  const port = await freePort();
  const agent = await createAgent({
    host: `http://127.0.0.1:${port}`,
    identity: madeUpIdentity(),
    rootKey: { from: "mainnet" },
  });
  const nowhere = storageClient({ agent, canisterId: storage.canisterId, retry: { ...quick, tries: 2 } });
  await assert.rejects(
    upload({ storage: nowhere, uploadId: "n", attempt: 1, files: [inMemory("/n", randomBytes(1))] }),
    { code: "CANISTER_UNREACHABLE", final: false, message: /ECONNREFUSED/ },
  );
});

test("upload: the error for a canister that does not exist", async () => {
  const none = storageClient({
    agent: network.agent,
    canisterId: "ucwa4-rx777-77774-qaada-cai",
    retry: quick,
  });
  await assert.rejects(
    upload({ storage: none, uploadId: "n", attempt: 1, files: [inMemory("/n", randomBytes(1))] }),
    { code: "CANISTER_NOT_FOUND" },
  );
});

test("verify: names the files that differ or are missing", async () => {
  const { files } = await upload({
    storage,
    uploadId: "verify",
    attempt: 1,
    files: [inMemory("/verify", randomBytes(10))],
  });
  const sha256 = "00".repeat(32);
  const differences = await verifyPublished({
    gatewayUrl: network.url,
    canisterId: storage.canisterId,
    files: [
      { ...files[0]!, sha256 },
      { path: "/none", bytes: 1, sha256 },
    ],
  });
  assert.deepEqual(differences, [
    { path: "/verify", why: `SHA-256 ${files[0]!.sha256} instead of ${sha256}` },
    { path: "/none", why: "HTTP status 404" },
  ]);
});

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
