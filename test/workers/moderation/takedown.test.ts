import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { gatewayUrl } from "@kiln/client/network/gateway-url";
import type { Redis } from "ioredis";
import { type RedisServer, startRedis } from "../../../src/cli/services/redis-server.ts";
import { publishVideo } from "../../../src/ic/publish/publish.ts";
import { connectRedis } from "../../../src/queues/connection.ts";
import type { BlobStore } from "../../../src/videos/blob-store.ts";
import { createBlobFolder } from "../../../src/videos/folder-blob-store.ts";
import { begun } from "../../../src/videos/transition.ts";
import { VideoStore } from "../../../src/videos/video-store.ts";
import { takedown } from "../../../src/workers/moderation/takedown.ts";
import { startTestNetwork, type TestNetwork } from "../../ic/local-network.ts";
import { writeSample } from "../../ic/publish/sample-publication.ts";

let folder: string;
let server: RedisServer;
let redis: Redis;
let network: TestNetwork;
let store: VideoStore;
let blobs: BlobStore;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "kiln-withdraw-"));
  server = await startRedis();
  redis = await connectRedis(server.url);
  network = await startTestNetwork();
  store = new VideoStore(redis);
  blobs = await createBlobFolder(join(folder, "blobs"));
});
after(async () => {
  await network[Symbol.asyncDispose]();
  redis.disconnect();
  await server.stop();
  await rm(folder, { recursive: true });
});

const tools = () => ({ store, blobs, network: { index: network.index, buckets: [network.storage] } });

/** A video of the queues, handed in and with an original in the blob store. */
async function enter(digit: string) {
  const record = await store.create({
    title: digit,
    source: `/${digit}.mp4`,
    sha256: digit.repeat(64),
    bytes: 9,
  });
  const original = blobs.originalPath(record.id);
  await mkdir(dirname(original), { recursive: true });
  await writeFile(original, "original");
  return { id: record.id, original };
}

async function publish(id: string, attempt: number) {
  const its = join(folder, `product-${id}-${attempt}`);
  const publication = { ...(await writeSample(its)), id, attempt };
  return publishVideo({ ...network, publication, folder: its });
}

const look = async (path: string) => {
  const response = await fetch(gatewayUrl(network.url, network.storage.canisterId, path));
  await response.arrayBuffer();
  return response.status;
};

test("a published video: banned in the record and the index, its files 410, its original gone", async () => {
  const { id, original } = await enter("a");
  const { entry } = await publish(id, 3);
  assert.equal(await look(entry.hls), 200);
  for (let repeated = 0; repeated < 2; repeated++) {
    await takedown(tools(), id, "Deleted", "by its owner");
    assert.equal((await store.get(id)).state, "deleted");
    assert.equal((await network.index.get(id))?.status, "Deleted");
    assert.deepEqual([await look(entry.hls), await look(entry.player)], [410, 410]);
    assert.equal(existsSync(original), false);
  }
  await assert.rejects(publish(id, 4), { code: "VIDEO_TAKEN_DOWN" });
});

test("a video on its way: no stage goes on, and a publisher at work comes too late", async () => {
  const { id } = await enter("b");
  for (const event of [
    begun("ingest", 1),
    { type: "accepted", attempt: 1 } as const,
    begun("transcode", 1),
    { type: "encoded", attempt: 2, product: 2 } as const,
  ])
    assert.equal((await store.apply(id, event)).outcome, "moved");
  await takedown(tools(), id, "BannedForExplicitness", "nudity");
  const { state, reason } = await store.get(id);
  assert.deepEqual([state, reason], ["banned", { code: "BANNED_FOR_EXPLICITNESS", message: "nudity" }]);
  assert.deepEqual(await store.apply(id, begun("publish", 1)), { outcome: "refused", why: "SETTLED" });
  await assert.rejects(publish(id, 2), { code: "STALE_ATTEMPT" });
  assert.equal(await network.index.get(id), undefined);
});

test("a video that was published without the queues", async () => {
  const { entry } = await publish("by-hand", 1);
  await takedown(tools(), "by-hand", "BannedDueToUserReporting", "reported");
  assert.equal((await network.index.get("by-hand"))?.status, "BannedDueToUserReporting");
  assert.equal(await look(entry.hls), 410);
});
