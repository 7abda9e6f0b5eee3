import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import type { Redis } from "ioredis";
import { pino } from "pino";
import { openLog } from "../../src/base/log.ts";
import { type RedisServer, startRedis } from "../../src/cli/services/redis-server.ts";
import { connectRedis } from "../../src/queues/connection.ts";
import { enqueueVideo, ensureJobs } from "../../src/queues/enqueue-video.ts";
import { VideoQueues } from "../../src/queues/video-queues.ts";
import type { BlobStore } from "../../src/videos/blob-store.ts";
import { createBlobFolder } from "../../src/videos/folder-blob-store.ts";
import { followVideos } from "../../src/videos/follow-videos.ts";
import { hashFile } from "../../src/videos/hash-file.ts";
import { openBlobStore } from "../../src/videos/open-blob-store.ts";
import { VideoStore } from "../../src/videos/video-store.ts";
import type { VideoUpdate } from "../../src/videos/video-update.ts";
import { startWorker, type WorkerOptions } from "../../src/workers/worker.ts";
import { main } from "../cli/kiln.ts";

/** What happens to a pool, with real Redis and processes; no video is encoded. */
let server: RedisServer;
let redis: Redis;
let store: VideoStore;
let queues: VideoQueues;
let folder: string;
let blobFolder: string;
let away: string;

before(async () => {
  server = await startRedis();
  redis = await connectRedis(server.url);
  store = new VideoStore(redis);
  queues = new VideoQueues(redis);
});
after(async () => {
  await queues[Symbol.asyncDispose]();
  redis.disconnect();
  await server.stop();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kiln-pool-"));
  blobFolder = join(folder, "blobs");
  away = join(folder, "away");
  process.env.KILN_TEST_PUBLIC = folder;
});
afterEach(async () => {
  await redis.flushall();
  await rm(folder, { recursive: true, force: true });
});

async function worker(options: Partial<WorkerOptions> = {}): Promise<AsyncDisposable> {
  return startWorker({
    redis,
    stages: ["ingest", "transcode", "publish"],
    blobs: await openBlobStore(redis, blobFolder),
    log: openLog(process.env.KILN_TEST_LOG ? "info" : "silent"),
    taskProgram: new URL("quick-task-program.ts", import.meta.url),
    slots: { ingest: 1, transcode: 1, publish: 1 },
    lockMs: 30_000,
    stopMs: 0,
    minFreeBytes: 0,
    moderation: "off",
    networkAnswers: async () => {
      if (existsSync(away)) throw new Error("no answer");
    },
    ...options,
  });
}

async function enqueue(name: string) {
  const file = join(folder, name);
  await writeFile(file, name);
  return await enqueueVideo({ store, queues }, file);
}

/** Follows a video until `wanted`; fails when the video is settled before. */
async function until(id: string, wanted: (update: VideoUpdate) => boolean): Promise<VideoUpdate> {
  for await (const update of followVideos(redis, [id])) if (wanted(update)) return update;
  throw new Error(`${id} ended as ${JSON.stringify(await store.latest(id))}`);
}

const published = ({ state }: VideoUpdate) => state === "published";

async function reopen(id: string, from: "ingest" | "transcode"): Promise<void> {
  assert.equal((await store.apply(id, { type: "reopened", from })).outcome, "moved");
  await ensureJobs({ store, queues }, id);
}

test("a blob folder that is not mounted: no worker starts on it, and nothing is created in it", async () => {
  await openBlobStore(redis, blobFolder);
  await openBlobStore(redis, blobFolder);
  await rename(blobFolder, join(folder, "disk"));
  await assert.rejects(openBlobStore(redis, blobFolder), { code: "BLOBS_MISSING" });
  assert.ok(!existsSync(blobFolder));
  await mkdir(blobFolder);
  await assert.rejects(openBlobStore(redis, blobFolder), { code: "BLOBS_MISSING" });
  assert.deepEqual(await readdir(blobFolder), []);

  const other = join(folder, "other");
  await createBlobFolder(other);
  await assert.rejects(openBlobStore(redis, other), { code: "BLOBS_DIFFERENT" });
  await openBlobStore(redis, other, { create: "anew" });
  await assert.rejects(openBlobStore(redis, join(folder, "disk")), { code: "BLOBS_DIFFERENT" });
});

test("a pool from before there were markers: an empty folder is not taken for its store", async () => {
  const { id } = await enqueue("old");
  await redis.hset(`kiln:video:${id}`, "product", 2);
  await assert.rejects(openBlobStore(redis, blobFolder), { code: "BLOBS_MISSING" });
  await openBlobStore(redis, blobFolder, { create: "anew" });
});

test("a blob folder that goes away: the host waits, no video is rejected, and all goes on once it is back", async () => {
  await using _ = await worker();
  await rename(blobFolder, join(folder, "disk"));
  await mkdir(blobFolder);
  const { id } = await enqueue("dance");
  const { waiting, state } = await until(id, (update) => update.waiting !== undefined);
  assert.deepEqual([state, waiting!.code], ["received", "BLOBS_MISSING"]);
  assert.deepEqual(await readdir(blobFolder), []);
  await rm(blobFolder, { recursive: true });
  await rename(join(folder, "disk"), blobFolder);
  assert.equal((await until(id, published)).waiting, undefined);
});

test("an original that is lost fails its video, which is not rejected and can be taken from its source again", async () => {
  const ingest = await worker({ stages: ["ingest"] });
  const { id } = await enqueue("dance");
  await until(id, ({ state }) => state === "accepted");
  await ingest[Symbol.asyncDispose]();
  await rm(join(blobFolder, "originals", id), { recursive: true });
  await using _ = await worker();
  const failed = await until(id, ({ state }) => state === "failed");
  assert.equal(failed.reason!.code, "ORIGINAL_MISSING");
  await reopen(id, "ingest");
  await until(id, published);
});

test("a product that is lost is made again", async () => {
  const first = await worker({ stages: ["ingest", "transcode"] });
  const { id } = await enqueue("dance");
  await until(id, ({ state }) => state === "cleared");
  await first[Symbol.asyncDispose]();
  await rm(join(blobFolder, "products", id), { recursive: true });
  await using _ = await worker();
  const failed = await until(id, ({ state }) => state === "failed");
  assert.equal(failed.reason!.code, "NO_MANIFEST");
  await reopen(id, "transcode");
  await until(id, published);
});

test("an outage at publication: everything waits and says so, one probe ends it, and nothing fails", async () => {
  let probes = 0;
  await using _ = await worker({
    networkAnswers: async () => {
      probes++;
      if (existsSync(away)) throw new Error("no answer");
    },
  });
  await writeFile(away, "");
  const before = Date.now();
  const ids = [];
  for (const name of ["a", "b", "c", "d"]) ids.push((await enqueue(name)).id);
  const { waiting, state } = await until(ids[0]!, (update) => update.waiting !== undefined);
  assert.deepEqual([state, waiting!.code], ["publishing", "CANISTER_UNREACHABLE"]);
  assert.ok(waiting!.since >= before);
  for (const id of ids) await until(id, ({ state }) => state === "cleared" || state === "publishing");
  while (probes < 3) await new Promise((resolve) => setTimeout(resolve, 50));
  const calls = async () => (await readFile(join(folder, "calls"), "utf8")).trim().split("\n");
  assert.equal((await calls()).length, 1, "one try showed that the network is away");
  await rm(away);
  for (const id of ids) assert.equal((await until(id, published)).waiting, undefined);
  assert.equal((await calls()).length, 5);
});

test("files that do not fit now are passed over and come back; the others are taken", async () => {
  const opened = await openBlobStore(redis, blobFolder);
  let free = 1e9;
  const blobs: BlobStore = { ...opened, free: async () => free };
  await using _ = await worker({ blobs, minFreeBytes: 1e6 });
  const large = [];
  for (const name of ["large", "huge"]) {
    const source = join(folder, name);
    await writeFile(source, name);
    const { sha256 } = await hashFile(source);
    large.push((await store.create({ sha256, bytes: 1e12, title: name, source })).id);
    await ensureJobs({ store, queues }, large.at(-1)!);
  }
  for (const id of large) {
    const { waiting } = await until(id, (update) => update.waiting !== undefined);
    assert.equal(waiting!.code, "DISK_FULL");
    assert.match(waiting!.message, /1000000000 bytes are free, 1000001000000 are needed/);
  }
  for (const name of ["small", "smaller"]) await until((await enqueue(name)).id, published);
  free = 1e13;
  for (const id of large) await until(id, published);
});

test("a record of a newer version waits for a newer worker", async () => {
  const { id } = await enqueue("dance");
  await redis.hset(`kiln:video:${id}`, "schema", 2);
  const old = await worker();
  const other = await enqueue("other");
  await until(other.id, published);
  assert.equal(await redis.hget(`kiln:video:${id}`, "state"), "received");
  await old[Symbol.asyncDispose]();
  // This version again, as if it were the newer one.
  await redis.hset(`kiln:video:${id}`, "schema", 1);
  await using _ = await worker();
  await until(id, published);
});

test("Redis at its memory limit: the pool takes no jobs, logs a few lines and goes on once there is room", async () => {
  const lines: string[] = [];
  const log = pino({ level: "warn" }, { write: (line: string) => void lines.push(line) });
  await using _ = await worker({ log });
  await until((await enqueue("before")).id, published);
  await redis.config("SET", "maxmemory", "1");
  // Idle workers ask for jobs without a pause when Redis refuses to give them one.
  while (!lines.some((line) => line.includes("OOM command not allowed")))
    await new Promise((resolve) => setTimeout(resolve, 50));
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.ok(lines.length < 10, `${lines.length} lines`);
  await redis.config("SET", "maxmemory", "0");
  await until((await enqueue("after")).id, published);
});

test("a worker that is told to stop while Redis is down stops", { timeout: 120_000 }, async () => {
  const own = await startRedis();
  const child = spawn(process.execPath, [main, "worker"], {
    env: {
      PATH: process.env.PATH,
      KILN_HOME: folder,
      KILN_REDIS_URL: own.url,
      KILN_STAGES: "ingest,train",
      KILN_STOP_SECONDS: "0",
    },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let log = "";
  child.stderr!.on("data", (text) => {
    log += text;
  });
  const exited = once(child, "exit");
  assert.equal((await Promise.race([once(child, "message"), exited]))[0], "ready", log);
  await own.stop();
  child.kill("SIGTERM");
  assert.deepEqual(await exited, [1, null], log);
  assert.match(log, /stopped without handing jobs back/);
});
