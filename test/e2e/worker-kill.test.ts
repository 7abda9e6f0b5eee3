import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Redis } from "ioredis";
import { type LocalNetwork, startLocalNetwork } from "../../src/cli/services/local-network.ts";
import { type RedisServer, startRedis } from "../../src/cli/services/redis-server.ts";
import { type ServiceProcess, startWorkerProcess } from "../../src/cli/services/service-process.ts";
import { type Connection, connect } from "../../src/ic/canisters/connection.ts";
import { videoUploadId } from "../../src/ic/publish/publish.ts";
import { verifyPublished } from "../../src/ic/publish/verify-published.ts";
import { connectRedis } from "../../src/queues/connection.ts";
import { enqueueVideo } from "../../src/queues/enqueue-video.ts";
import { VideoQueues } from "../../src/queues/video-queues.ts";
import { programOf } from "../../src/transcode/base/programs.ts";
import { readManifest } from "../../src/transcode/manifest.ts";
import { followVideos } from "../../src/videos/follow-videos.ts";
import { VideoStore } from "../../src/videos/video-store.ts";
import type { VideoUpdate } from "../../src/videos/video-update.ts";
import { isFfmpeg } from "../transcode/running.ts";

let folder: string;
let network: LocalNetwork;
let server: RedisServer;
let redis: Redis;
let store: VideoStore;
let queues: VideoQueues;
let canisters: Connection;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "kiln-kill-"));
  network = await startLocalNetwork({ folder });
  server = await startRedis();
  redis = await connectRedis(server.url);
  store = new VideoStore(redis);
  queues = new VideoQueues(redis);
  canisters = await connect({}, join(folder, "kiln.json"));
});
after(async () => {
  await queues[Symbol.asyncDispose]();
  redis.disconnect();
  await server.stop();
  await network[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** A real `kiln worker`, whose jobs are taken over soon after its death. */
async function startWorker(settings: Record<string, string>): Promise<ServiceProcess> {
  const { host, identity, canisters: ids } = network.deployment;
  return await startWorkerProcess({
    stderr: process.env.KILN_TEST_LOG ? "inherit" : "ignore",
    env: {
      ...process.env,
      KILN_REDIS_URL: server.url,
      KILN_BLOBS: join(folder, "blobs"),
      KILN_IC_HOST: host,
      KILN_IDENTITY: identity,
      KILN_STORAGE_CANISTER: ids.storage,
      KILN_CONTENT_INDEX_CANISTER: ids.content_index,
      KILN_LOCK_SECONDS: "3",
      ...settings,
    },
  });
}

async function kill(worker: ServiceProcess): Promise<void> {
  process.kill(worker.pid, "SIGKILL");
  await worker.exited;
}

/** Hands a made-up clip in. Noise does not compress: its renditions are many chunks. */
async function enqueue(name: string, seconds: number): Promise<string> {
  const file = join(folder, name);
  const source = `testsrc2=size=1280x720:rate=30:duration=${seconds},noise=alls=60:allf=t`;
  const encode = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"];
  execFileSync(programOf("ffmpeg"), ["-v", "error", "-f", "lavfi", "-i", source, ...encode, file]);
  return (await enqueueVideo({ store, queues }, file)).id;
}

async function until(id: string, wanted: (update: VideoUpdate) => boolean): Promise<VideoUpdate> {
  for await (const update of followVideos(redis, [id])) if (wanted(update)) return update;
  throw new Error(`${id} ended as ${JSON.stringify(await store.latest(id))}`);
}

async function encodersAtWork(): Promise<string[]> {
  const ids = (await readdir("/proc")).filter((name) => /^[0-9]+$/.test(name));
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "")));
  return lines.filter((line) => isFfmpeg(line) && line.includes(folder));
}

/** Every file of the product comes back as it was made, and the index knows the video once. */
async function assertOnceAndComplete(id: string): Promise<void> {
  const { storage, index, host } = canisters;
  const { product, url } = await store.get(id);
  const folderOfProduct = join(folder, "blobs/products", id, String(product));
  const { files } = await readManifest(folderOfProduct);
  const sent = files.map((file) => ({ ...file, path: `/v/${id}/${file.path}` }));
  assert.deepEqual(
    await verifyPublished({ gatewayUrl: host, canisterId: storage.canisterId, files: sent }),
    [],
  );
  assert.equal((await fetch(url!)).status, 200);
  const status = await storage.uploadStatus(videoUploadId(id));
  assert.equal(status?.committed, true);
  const entries = [];
  for await (const entry of index.newest()) if (entry.id === id) entries.push(entry);
  assert.equal(entries.length, 1);
}

test("kill -9 of the worker during the encode: no ffmpeg is left, the job ends once, complete", async () => {
  const first = await startWorker({ KILN_X264_PRESET: "veryslow", KILN_LADDER: "720" });
  const id = await enqueue("encode.mp4", 6);
  await until(id, (update) => update.stage === "encode" && update.fraction! > 0);
  assert.equal((await encodersAtWork()).length, 1);
  await kill(first);
  await using _ = await startWorker({ KILN_X264_PRESET: "ultrafast", KILN_LADDER: "240" });
  assert.deepEqual(await encodersAtWork(), []);
  await until(id, ({ state }) => state === "published");
  await assertOnceAndComplete(id);
});

test("kill -9 of the worker during the upload: the job ends once, complete", async () => {
  const settings = { KILN_X264_PRESET: "ultrafast", KILN_LADDER: "720" };
  const first = await startWorker(settings);
  const id = await enqueue("upload.mp4", 5);
  await until(id, ({ stage }) => stage === "upload");
  await kill(first);
  const { state, product } = await store.get(id);
  assert.equal(state, "publishing");
  await using _ = await startWorker(settings);
  await until(id, ({ state }) => state === "published");
  assert.equal((await store.get(id)).product, product, "it was not encoded again");
  await assertOnceAndComplete(id);
});
