import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, test } from "node:test";
import type { Redis } from "ioredis";
import { openLog } from "../../../src/base/log.ts";
import { type RedisServer, startRedis } from "../../../src/cli/services/redis-server.ts";
import { connectRedis } from "../../../src/queues/connection.ts";
import { enqueueVideo } from "../../../src/queues/enqueue-video.ts";
import type { PoolStatus } from "../../../src/queues/pool-status.ts";
import { VideoQueues } from "../../../src/queues/video-queues.ts";
import { WorkerRegistry } from "../../../src/queues/worker-presence.ts";
import { followVideos } from "../../../src/videos/follow-videos.ts";
import { openBlobStore } from "../../../src/videos/open-blob-store.ts";
import { begun } from "../../../src/videos/transition.ts";
import { VideoStore } from "../../../src/videos/video-store.ts";
import type { VideoUpdate } from "../../../src/videos/video-update.ts";
import { announceWorkers, type PoolWorker } from "../../../src/workers/pool-worker.ts";
import { startWorker } from "../../../src/workers/worker.ts";
import { main } from "../kiln.ts";

/** The commands for a pool, with real Redis, queues and a worker whose tasks only copy. */
let server: RedisServer;
let redis: Redis;
let store: VideoStore;
let queues: VideoQueues;
let folder: string;

beforeEach(async () => {
  server = await startRedis();
  redis = await connectRedis(server.url);
  store = new VideoStore(redis);
  queues = new VideoQueues(redis);
  folder = await mkdtemp(join(tmpdir(), "kiln-pool-"));
  process.env.KILN_TEST_PUBLIC = folder;
});
afterEach(async () => {
  await queues[Symbol.asyncDispose]();
  redis.disconnect();
  await server.stop();
  await rm(folder, { recursive: true });
});

const taskProgram = new URL("../../workers/quick-task-program.ts", import.meta.url);
const log = openLog(process.env.KILN_TEST_LOG ? "info" : "silent");

async function worker(program = taskProgram): Promise<PoolWorker> {
  return startWorker({
    ...{ redis, log, taskProgram: program, stages: ["ingest", "transcode", "publish"] },
    blobs: await openBlobStore(redis, join(folder, "blobs"), { create: "once" }),
    slots: { ingest: 1, transcode: 1, publish: 1 },
    ...{ lockMs: 30_000, stopMs: 0, minFreeBytes: 0, moderation: "off" },
  });
}

const announced = (...workers: PoolWorker[]) => announceWorkers({ redis, workers, version: "1.2.3", log });

async function enqueue(name: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, name.repeat(9));
  return (await enqueueVideo({ store, queues }, file)).id;
}

async function until(id: string, wanted: (update: VideoUpdate) => boolean): Promise<void> {
  for await (const update of followVideos(redis, [id])) if (wanted(update)) return;
  throw new Error(`${id} ended as ${JSON.stringify(await store.latest(id))}`);
}

/** Waits until a status fulfils a condition; the test's own timeout ends it. */
async function statusOnce(isMeant: (status: PoolStatus) => boolean): Promise<PoolStatus> {
  for (;;) {
    const { stdout } = await kiln("status", "--json");
    const status: PoolStatus = JSON.parse(stdout);
    if (isMeant(status)) return status;
  }
}

function kiln(...args: string[]) {
  const env = { PATH: process.env.PATH, KILN_REDIS_URL: server.url };
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(process.execPath, [main, ...args], { env }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode!, stdout, stderr }),
    );
  });
}

test("kiln status: an idle pool says that no worker runs", async () => {
  await enqueue("one");
  const { code, stdout } = await kiln("status");
  assert.equal(code, 0);
  assert.match(stdout, /^! 1 jobs wait for ingest, and no worker takes any/);
  assert.match(stdout, /no worker runs: kiln worker, or kiln up/);
  assert.match(stdout, /the newest 1 videos: 1 received/);
});

test("kiln status: a host with its slots, its running job with progress, and failures by reason", async () => {
  await writeFile(join(folder, "held"), "");
  await using pool = await worker();
  await using _ = announced(pool);
  const id = await enqueue("one");
  for (const digit of ["d", "e"]) {
    const { id: broken } = await store.create({
      title: digit,
      source: "/x",
      sha256: digit.repeat(64),
      bytes: 1,
    });
    await store.apply(broken, begun("ingest", 1));
    const reason = { code: "CORRUPT", message: "no picture" };
    await store.apply(broken, { type: "rejected", attempt: 1, reason });
  }
  const status = await statusOnce(({ running }) => running[0]?.video?.progress !== undefined);
  const [host] = status.workers;
  assert.equal(host?.id, `${hostname()}/${process.pid}`);
  assert.equal(host?.version, "1.2.3");
  assert.deepEqual(host?.slots, { ingest: 1, transcode: 1, publish: 1 });
  const [job, ...others] = status.running;
  assert.deepEqual(others, []);
  assert.deepEqual(
    [job?.stage, job?.video?.id, job?.video?.title, job?.worker],
    ["transcode", id, "one", host?.id],
  );
  assert.deepEqual(
    status.rejected.map(({ code, videos }) => [code, videos]),
    [["CORRUPT", 2]],
  );
  assert.deepEqual(status.states, { encoding: 1, rejected: 2 });
  const { stdout } = await kiln("status");
  assert.match(stdout, new RegExp(`${id} one +transcode +encode +50 %`));
  assert.match(stdout, /2 +CORRUPT +[0-9a-f]{32}: no picture/);
  await rm(join(folder, "held"));
  await until(id, ({ state }) => state === "published");
});

test("kiln workers drain: running jobs end, no more are taken until the host is resumed", async () => {
  await writeFile(join(folder, "held"), "");
  await using pool = await worker();
  await using _ = announced(pool);
  const running = await enqueue("one");
  await until(running, ({ state }) => state === "encoding");
  assert.equal((await kiln("workers", "drain", hostname())).code, 0);
  await statusOnce(({ workers }) => workers[0]?.paused.some(({ reason }) => reason === "drained") ?? false);
  const waiting = await enqueue("two");
  await rm(join(folder, "held"));
  await until(running, ({ state }) => state === "encoded" || state === "cleared");
  const status = await statusOnce(({ workers }) => workers[0]?.running.length === 0);
  assert.equal(status.queues.find(({ stage }) => stage === "ingest")?.waiting, 1);
  const { stdout } = await kiln("status");
  assert.match(stdout, /^! 1 jobs wait for ingest, and no worker takes any/);
  assert.match(stdout, / drained /);
  assert.equal((await kiln("workers", "resume", hostname())).code, 0);
  await until(running, ({ state }) => state === "published");
  await until(waiting, ({ state }) => state === "published");
});

test("kiln workers: a host that is not there, and one that has left", async () => {
  const { code, stderr } = await kiln("workers", "drain", "elsewhere");
  assert.equal(code, 1);
  assert.match(stderr, /WORKER_UNKNOWN: no worker runs on a host elsewhere: there is none/);
  const registry = new WorkerRegistry(redis);
  {
    await using pool = await worker();
    await using _ = announced(pool);
    await statusOnce(({ workers }) => workers.length === 1);
    await registry.drain(hostname());
  }
  assert.deepEqual(await registry.list(), []);
  assert.match(
    (await kiln("workers", "list")).stdout,
    new RegExp(`drained, without a worker: ${hostname()}`),
  );
  assert.match((await kiln("workers", "resume", "elsewhere")).stderr, new RegExp(`there is ${hostname()}`));
});

test("the list of workers: one that was killed expires, one of another version is left out", async () => {
  const registry = new WorkerRegistry(redis);
  const presence = { id: "a/1", host: "a", version: "1", startedAt: 0, slots: {}, running: [], paused: [] };
  await registry.announce(presence);
  await registry.announce({ ...presence, id: "b/2" });
  assert.ok((await redis.pttl("kiln:worker:a/1")) > 0, "its presence expires");
  await redis.del("kiln:worker:a/1");
  await redis.set("kiln:worker:c/3", JSON.stringify({ id: 3 }));
  await redis.sadd("kiln:workers", "c/3");
  assert.deepEqual(
    (await registry.list()).map(({ id }) => id),
    ["b/2"],
  );
  assert.deepEqual((await redis.smembers("kiln:workers")).sort(), ["b/2", "c/3"]);
});

test("kiln queues: a paused stage is left alone by all hosts until it is resumed", async () => {
  const paused = await kiln("queues", "pause", "transcode", "--json");
  assert.deepEqual(
    JSON.parse(paused.stdout).queues.map(({ stage, paused }: { stage: string; paused: boolean }) => [
      stage,
      paused,
    ]),
    [
      ["ingest", false],
      ["transcode", true],
      ["publish", false],
      ["train", false],
    ],
  );
  await using pool = await worker();
  await using _ = announced(pool);
  const id = await enqueue("one");
  const status = await statusOnce(({ queues }) => queues.some(({ waiting }) => waiting === 1));
  assert.equal((await store.get(id)).state, "accepted");
  assert.equal(status.queues.find(({ stage }) => stage === "transcode")?.waiting, 1);
  assert.match(
    (await kiln("status")).stdout,
    /^! 1 jobs wait for transcode, which is paused: kiln queues resume transcode/,
  );
  assert.equal((await kiln("queues", "resume")).code, 0);
  await until(id, ({ state }) => state === "published");
  const wrong = await kiln("queues", "pause", "encode");
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /Allowed choices are ingest, transcode, publish, train/);
});

test("kiln status --watch --json: a line each time, until it is stopped", async () => {
  const env = { PATH: process.env.PATH, KILN_REDIS_URL: server.url };
  const child = spawn(process.execPath, [main, "status", "--watch", "--json"], { env });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  for (const _ of [1, 2]) assert.deepEqual(JSON.parse((await lines.next()).value ?? "").workers, []);
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  assert.deepEqual(await exited, [0, null]);
});
