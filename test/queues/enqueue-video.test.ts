import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { type RedisServer, startRedis } from "../../src/cli/services/redis-server.ts";
import { connectRedis, redisWarnings } from "../../src/queues/connection.ts";
import { enqueueVideo, ensureJobs } from "../../src/queues/enqueue-video.ts";
import { jobId, queueNames, queuePrefix } from "../../src/queues/video-job.ts";
import { VideoQueues } from "../../src/queues/video-queues.ts";
import { hashFile } from "../../src/videos/hash-file.ts";
import { begun } from "../../src/videos/transition.ts";
import { videoId } from "../../src/videos/video.ts";
import { VideoStore } from "../../src/videos/video-store.ts";

let server: RedisServer;
let redis: Redis;
let store: VideoStore;
let queues: VideoQueues;
let folder: string;

before(async () => {
  server = await startRedis();
  redis = await connectRedis(server.url);
  store = new VideoStore(redis);
  queues = new VideoQueues(redis);
  folder = await mkdtemp(join(tmpdir(), "kiln-test-"));
});
after(async () => {
  await queues[Symbol.asyncDispose]();
  redis.disconnect();
  await server.stop();
  await rm(folder, { recursive: true });
});

async function jobCounts(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of queueNames) {
    const queue = new Queue(name, { connection: redis, prefix: queuePrefix });
    counts[name] = await queue.getJobCountByTypes("wait", "waiting-children", "active", "delayed", "failed");
    await queue.close();
  }
  return counts;
}

async function made(name: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, `the bytes of ${name}`);
  return file;
}

test("a file becomes a received video with a job a stage; the same bytes again are the same video", async () => {
  const file = await made("a clip.mp4");
  const [video, again] = await Promise.all([
    enqueueVideo({ store, queues }, file),
    enqueueVideo({ store, queues }, file),
  ]);
  const sha256 = createHash("sha256").update("the bytes of a clip.mp4").digest("hex");
  const { createdAt, updatedAt, ...known } = video;
  assert.deepEqual(known, {
    id: sha256.slice(0, 32),
    title: "a clip",
    source: file,
    sha256,
    bytes: 23,
    state: "received",
    attempt: 0,
    run: 1,
    revision: 1,
    schema: 1,
  });
  assert.equal(createdAt, updatedAt);
  assert.deepEqual(again, video);
  await enqueueVideo({ store, queues }, file);
  assert.deepEqual(await jobCounts(), { ingest: 1, transcode: 1, publish: 1 });
});

test("a failed video handed in again goes on from its stage, in a new run with jobs of its own", async () => {
  const file = await made("failing.mp4");
  const { id } = await enqueueVideo({ store, queues }, file);
  const before = await jobCounts();
  await store.apply(id, begun("ingest", 1));
  await store.apply(id, { type: "accepted", attempt: 1 });
  await store.apply(id, begun("transcode", 1));
  await store.apply(id, { type: "failed", attempt: 2, reason: { code: "TASK_LOST", message: "gone" } });
  const { state, run, reason } = await enqueueVideo({ store, queues }, file);
  assert.deepEqual({ state, run, reason }, { state: "accepted", run: 2, reason: undefined });
  const now = await jobCounts();
  for (const name of queueNames) assert.equal(now[name], before[name]! + 1);
});

test("a video whose jobs were lost gets them again", async () => {
  const { id } = await enqueueVideo({ store, queues }, await made("lost.mp4"));
  const record = await store.get(id);
  const queue = new Queue("publish", { connection: redis, prefix: queuePrefix });
  await (await queue.getJob(jobId(record)))!.remove();
  await queue.close();
  const before = await jobCounts();
  await ensureJobs({ store, queues }, id);
  assert.equal((await jobCounts()).publish, before.publish! + 1);
});

test("what is no file is refused, and nothing is entered", async () => {
  await assert.rejects(enqueueVideo({ store, queues }, join(folder, "nothing.mp4")), {
    code: "FILE_NOT_FOUND",
  });
  await assert.rejects(enqueueVideo({ store, queues }, folder), { code: "NOT_A_FILE" });
  const file = await made("untitled.mp4");
  await assert.rejects(enqueueVideo({ store, queues }, file, { title: " " }), { code: "TITLE_INVALID" });
  const { sha256 } = await hashFile(file);
  await assert.rejects(store.get(videoId(sha256)), { code: "VIDEO_UNKNOWN" });
});

test("a Redis that may lose jobs is warned about, one that is away is named", async () => {
  assert.deepEqual(await redisWarnings(redis), []);
  await redis.config("SET", "maxmemory-policy", "allkeys-lru");
  assert.match((await redisWarnings(redis)).join(), /allkeys-lru.*noeviction/);
  await redis.config("SET", "maxmemory-policy", "noeviction");
  const { used_memory } = Object.fromEntries(
    (await redis.info("memory")).split("\r\n").map((line) => line.split(":")),
  );
  await redis.config("SET", "maxmemory", Math.round(1.05 * used_memory));
  assert.match((await redisWarnings(redis)).join(), /refuses writes at its limit/);
  await redis.config("SET", "maxmemory", 0);
  await redis.config("SET", "maxmemory-policy", "noeviction");
  await assert.rejects(connectRedis("redis://:secret@127.0.0.1:1"), {
    code: "REDIS_UNREACHABLE",
    message: /\*\*\*@127\.0\.0\.1:1.*ECONNREFUSED.*KILN_REDIS_URL/,
  });
});

test("titles lose what could steer a terminal or turn the text's direction", async () => {
  const file = await made("title.mp4");
  const title = "\u001b[31mred\u001b[0m \u202egnp.exe\u2069\n\ud83d a";
  assert.equal((await enqueueVideo({ store, queues }, file, { title })).title, "red gnp.exe \ufffd a");
});
