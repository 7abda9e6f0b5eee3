import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { Queue, QueueEvents } from "bullmq";
import type { Redis } from "ioredis";
import { type RedisServer, startRedis } from "../../src/cli/services/redis-server.ts";
import { connectRedis } from "../../src/queues/connection.ts";
import { enqueueVideo } from "../../src/queues/enqueue-video.ts";
import { jobId, queuePrefix } from "../../src/queues/video-job.ts";
import { VideoQueues } from "../../src/queues/video-queues.ts";
import { programOf } from "../../src/transcode/base/programs.ts";
import { followVideos } from "../../src/videos/follow-videos.ts";
import { hashFile } from "../../src/videos/hash-file.ts";
import { VideoStore } from "../../src/videos/video-store.ts";
import type { VideoUpdate } from "../../src/videos/video-update.ts";
import { noSmallDisk, smallDisk } from "../small-disk.ts";
import { isFfmpeg } from "../transcode/running.ts";

let server: RedisServer;
let redis: Redis;
let store: VideoStore;
let queues: VideoQueues;
let media: string;
let folder: string;
let workers: ChildProcess[] = [];

before(async () => {
  server = await startRedis();
  redis = await connectRedis(server.url);
  store = new VideoStore(redis);
  queues = new VideoQueues(redis);
  media = await mkdtemp(join(tmpdir(), "kiln-media-"));
  clip("short.mp4", "testsrc2=size=320x180:rate=25:duration=1");
  clip("long.mp4", "testsrc2=size=1280x720:rate=30:duration=12");
  await writeFile(join(media, "text.mp4"), "no video at all\n".repeat(100));
});
after(async () => {
  await queues[Symbol.asyncDispose]();
  redis.disconnect();
  await server.stop();
  await rm(media, { recursive: true });
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kiln-worker-"));
  await mkdir(join(folder, "public"));
});
afterEach(async () => {
  for (const worker of workers) if (worker.exitCode === null) worker.kill("SIGKILL");
  workers = [];
  await redis.flushall();
  await rm(folder, { recursive: true, force: true });
});

function clip(name: string, source: string): void {
  const encode = [
    "-f",
    "lavfi",
    "-i",
    source,
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    "-pix_fmt",
    "yuv420p",
  ];
  execFileSync(programOf("ffmpeg"), ["-v", "error", ...encode, join(media, name)]);
}

/** For tests in which a worker dies: its jobs are taken over soon. */
const shortLock = { KILN_TEST_LOCK_MS: "3000" };
/** An encode that is still going on when the test has seen it begin. */
const slowEncode = { KILN_X264_PRESET: "veryslow", KILN_LADDER: "720" };

async function startWorker(settings: Record<string, string> = {}): Promise<ChildProcess> {
  const worker = fork(new URL("worker-program.ts", import.meta.url), {
    env: {
      ...process.env,
      KILN_REDIS_URL: server.url,
      KILN_BLOBS: join(folder, "blobs"),
      KILN_TEST_PUBLIC: join(folder, "public"),
      KILN_LADDER: "144",
      KILN_X264_PRESET: "ultrafast",
      KILN_MODERATION: "off",
      ...settings,
    },
    stdio: ["ignore", "ignore", process.env.KILN_TEST_LOG ? "inherit" : "ignore", "ipc"],
  });
  workers.push(worker);
  await once(worker, "message");
  return worker;
}

async function stop(worker: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exited = once(worker, "exit");
  worker.kill(signal);
  await exited;
}

/** Enqueues a file of `media`. */
async function enqueue(name: string) {
  return await enqueueVideo({ store, queues }, join(media, name));
}

/** Follows a video until `wanted`; fails when the video is settled before. */
async function until(id: string, wanted: (update: VideoUpdate) => boolean): Promise<VideoUpdate> {
  for await (const update of followVideos(redis, [id])) if (wanted(update)) return update;
  throw new Error(`${id} ended as ${JSON.stringify(await store.latest(id))}`);
}

const published = (update: VideoUpdate) => update.state === "published";

/** The calls that had an effect on what is public. */
async function calls(): Promise<string[]> {
  return (await readFile(join(folder, "public/calls"), "utf8")).trim().split("\n");
}

/** Command lines of processes that work in this test's folder. */
async function processes(): Promise<string[]> {
  const ids = (await readdir("/proc")).filter((name) => /^[0-9]+$/.test(name));
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "")));
  return lines.filter((line) => line.includes(folder));
}

async function assertOnceAndComplete(id: string): Promise<void> {
  const all = await calls();
  assert.deepEqual(
    all.filter((line) => line.startsWith("commit")),
    [`commit ${id}`],
  );
  assert.equal(new Set(all).size, all.length, "nothing was sent twice");
  const manifest = JSON.parse(await readFile(join(folder, "public/public", id, "manifest.json"), "utf8"));
  for (const { path } of manifest.files) assert.ok(all.includes(`put /${path}`), path);
}

test("moderation: a verdict stands in the record; what is banned never becomes public", async () => {
  const cleared = await startWorker({ KILN_MODERATION: "on" });
  const { id } = await enqueue("short.mp4");
  await until(id, published);
  const { moderation } = await store.get(id);
  assert.equal(moderation?.verdict, "clear");
  await stop(cleared, "SIGTERM");

  await startWorker({ KILN_MODERATION: "on", KILN_BAN_SCORE: "0", KILN_UNSAFE_SCORE: "0" });
  const queue = new Queue("publish", { connection: redis, prefix: queuePrefix });
  const events = new QueueEvents("publish", { connection: redis, prefix: queuePrefix });
  await events.waitUntilReady();
  const other = await enqueue("long.mp4");
  const publish = (await queue.getJob(jobId(other)))!;
  await assert.rejects(publish.waitUntilFinished(events), /SETTLED/);
  const { state, reason, moderation: judged } = await store.get(other.id);
  assert.deepEqual([state, reason?.code, judged?.verdict], ["banned", "EXPLICIT", "banned"]);
  assert.ok(!(await calls()).some((line) => line.includes(other.id)));
  await events.close();
  await queue.close();
});

test("a video goes the whole way; handed in again it is not worked on again", async () => {
  await startWorker();
  const { id } = await enqueue("short.mp4");
  const states = new Set<string>();
  for await (const { state } of followVideos(redis, [id])) states.add(state);
  assert.equal([...states].at(-1), "published");
  const { attempt, product, url, reason } = await store.get(id);
  assert.deepEqual(
    { attempt, product, url, reason },
    { attempt: 3, product: 2, url: `http://storage.example/v/${id}/`, reason: undefined },
  );
  await assertOnceAndComplete(id);
  assert.equal((await enqueue("short.mp4")).state, "published");
});

test("a file that is no video is rejected with its reason, the others go on, and no job waits for ever", async () => {
  await startWorker();
  const bad = await enqueue("text.mp4");
  const good = await enqueue("short.mp4");
  const last = new Map<string, VideoUpdate>();
  for await (const update of followVideos(redis, [bad.id, good.id])) last.set(update.id, update);
  assert.equal(last.get(good.id)?.state, "published");
  const { state, reason } = last.get(bad.id)!;
  assert.equal(state, "rejected");
  assert.equal(reason?.code, "NOT_A_VIDEO");
  assert.equal((await store.get(bad.id)).attempt, 1, "it was not tried again");
  assert.deepEqual(await readdir(join(folder, "blobs/originals")), [good.id]);
  assert.equal((await enqueue("text.mp4")).state, "rejected");
});

test("kill -9 during the encode: no ffmpeg is left, the next worker ends the job once, complete", async () => {
  const first = await startWorker({ ...slowEncode, ...shortLock });
  const { id } = await enqueue("long.mp4");
  await until(id, (update) => update.stage === "encode" && update.fraction! > 0);
  assert.ok((await processes()).some((line) => line.includes("ffmpeg")));
  await stop(first, "SIGKILL");
  await startWorker(shortLock);
  await until(id, published);
  assert.deepEqual(
    (await processes()).filter((line) => line.includes("ffmpeg")),
    [],
  );
  await assertOnceAndComplete(id);
  const { attempt, product } = await store.get(id);
  assert.deepEqual(await readdir(join(folder, "blobs/products", id)), [String(product)]);
  assert.ok(attempt > 3);
});

test("kill -9 during the upload: the next worker sends only what is missing and commits once", async () => {
  await writeFile(join(folder, "public/hold"), "");
  const first = await startWorker(shortLock);
  const { id } = await enqueue("short.mp4");
  await until(id, (update) => update.stage === "upload" && update.fraction! >= 0.5);
  const { product } = await store.get(id);
  await stop(first, "SIGKILL");
  await rm(join(folder, "public/hold"));
  await startWorker(shortLock);
  await until(id, published);
  await assertOnceAndComplete(id);
  assert.equal((await store.get(id)).product, product, "it was not encoded again");
});

test("a lost lock stops the encode; the job is done again and ends once", async () => {
  await startWorker({ ...slowEncode, ...shortLock });
  const record = await enqueue("long.mp4");
  await until(record.id, (update) => update.stage === "encode" && update.fraction! > 0);
  const before = (await store.get(record.id)).attempt;
  await redis.set(`${queuePrefix}:transcode:${jobId(record)}:lock`, "somebody else", "PX", 5_000);
  await until(record.id, ({ state, stage }) => state === "encoding" && stage === undefined);
  assert.equal((await store.get(record.id)).attempt, before + 1);
  await until(record.id, (update) => update.stage === "encode" && update.fraction! > 0);
  const encodes = (await processes()).filter(isFfmpeg);
  assert.equal(encodes.length, 1, "the encode of the lost lease is gone");
});

test("SIGTERM hands the job back at once, leaves no process, and the next worker ends it", async () => {
  const first = await startWorker(slowEncode);
  const { id } = await enqueue("long.mp4");
  await until(id, (update) => update.stage === "encode" && update.fraction! > 0);
  await stop(first, "SIGTERM");
  assert.equal(first.exitCode, 0);
  assert.deepEqual(await processes(), []);
  assert.deepEqual(await readdir(join(folder, "blobs/products", id)), []);
  assert.equal(await queues.state(await store.get(id)), "going");
  await startWorker();
  await until(id, published);
  await assertOnceAndComplete(id);
});

test("what may pass is tried again after a wait, from the checkpoint", async () => {
  await writeFile(join(folder, "public/refuse"), "passing");
  await startWorker();
  const { id } = await enqueue("short.mp4");
  await until(id, published);
  const { attempt, product } = await store.get(id);
  assert.deepEqual({ attempt, product }, { attempt: 4, product: 2 });
  await assertOnceAndComplete(id);
});

test("what cannot pass fails at once; handed in again the video goes on from its stage", async () => {
  await writeFile(join(folder, "public/refuse"), "final");
  await startWorker();
  const { id } = await enqueue("short.mp4");
  await until(id, ({ state }) => state === "failed");
  const { attempt, stage, reason } = await store.get(id);
  assert.deepEqual(
    { attempt, stage, reason },
    { attempt: 3, stage: "publish", reason: { code: "UNAUTHORIZED", message: "not this time" } },
  );
  assert.equal((await enqueue("short.mp4")).state, "cleared");
  await until(id, published);
  assert.equal((await store.get(id)).product, 2, "it was not encoded again");
  await assertOnceAndComplete(id);
});

test("a video that loses its workers again and again is given up, and says so", async () => {
  const first = await startWorker({ ...slowEncode, ...shortLock });
  const record = await enqueue("long.mp4");
  await until(record.id, (update) => update.stage === "encode" && update.fraction! > 0);
  // As if it had happened three times before.
  await redis.hset(`${queuePrefix}:transcode:${jobId(record)}`, "stc", 3);
  await stop(first, "SIGKILL");
  await startWorker(shortLock);
  const { reason } = await until(record.id, ({ state }) => state === "failed");
  assert.equal(reason?.code, "WORKERS_LOST");
});

test("a host whose disk is full hands its jobs to another and takes no more", async () => {
  const full = await startWorker({ KILN_TEST_MIN_FREE: String(Number.MAX_SAFE_INTEGER) });
  const { id } = await enqueue("short.mp4");
  await until(id, ({ revision }) => revision > 1);
  await startWorker();
  await until(id, published);
  await stop(full, "SIGTERM");
  assert.equal(full.exitCode, 0);
  await assertOnceAndComplete(id);
});

test("a disk that is really full: the encode waits, and goes on here when there is space", {
  skip: noSmallDisk,
}, async () => {
  // The original fits, what is made of it does not.
  await using disk = await smallDisk(400_000);
  const worker = await startWorker({ KILN_BLOBS: disk.path });
  const { id } = await enqueue("short.mp4");
  const { state } = await until(id, ({ waiting }) => waiting?.code === "DISK_FULL");
  assert.equal(state, "encoding");
  await disk.resize(64 * 1024 ** 2);
  await until(id, published);
  await assertOnceAndComplete(id);
  await stop(worker, "SIGTERM");
});

test("kill -9 in the middle of a divided video: the next worker encodes no finished part again", async () => {
  const settings = {
    ...shortLock,
    ...{ KILN_PARTS_ABOVE: "1", KILN_PART_SECONDS: "4", KILN_PARTS_AT_ONCE: "1" },
    ...{ KILN_PARTS_FOLDER: join(folder, "parts"), KILN_X264_PRESET: "medium", KILN_LADDER: "360" },
  };
  const first = await startWorker(settings);
  const { id } = await enqueue("long.mp4");
  // A third of the frames is the first part; it has been put away when the second one shows progress.
  await until(id, (update) => update.stage === "encode" && update.fraction! > 0.4);
  await stop(first, "SIGKILL");
  // Drafts of processes that are still ending are not swept.
  while ((await processes()).length > 0);
  const finished = (await readdir(settings.KILN_PARTS_FOLDER)).filter((name) => !name.startsWith("."));
  const inodes = () =>
    Promise.all(finished.map(async (name) => (await stat(join(settings.KILN_PARTS_FOLDER, name))).ino));
  const before = await inodes();
  assert.ok(before.length >= 1);
  const begun = until(id, ({ state, stage }) => state === "encoding" && stage === undefined);
  await startWorker(settings);
  await begun;
  const again = await until(id, (update) => update.stage === "encode" && update.fraction! > 0);
  assert.ok(again.fraction! > 0.3, `began at ${again.fraction}`);
  assert.deepEqual(await inodes(), before);
  await until(id, published);
  await assertOnceAndComplete(id);
  assert.deepEqual(await readdir(settings.KILN_PARTS_FOLDER), []);
});

test("a video that a crash left without jobs is taken up by the next worker", async () => {
  const { id } = await store.create({
    ...(await hashFile(join(media, "short.mp4"))),
    title: "left",
    source: join(media, "short.mp4"),
  });
  await startWorker();
  await until(id, published);
  await assertOnceAndComplete(id);
});

test("a video that is deleted while it is encoded: the encode stops and the jobs end", async () => {
  await startWorker(slowEncode);
  const record = await enqueue("long.mp4");
  await until(record.id, (update) => update.stage === "encode" && update.fraction! > 0);
  const queue = new Queue("publish", { connection: redis, prefix: queuePrefix });
  const events = new QueueEvents("publish", { connection: redis, prefix: queuePrefix });
  await events.waitUntilReady();
  const publish = (await queue.getJob(jobId(record)))!;
  await store.apply(record.id, { type: "deleted" });
  await assert.rejects(publish.waitUntilFinished(events), /child .* failed/);
  assert.deepEqual((await processes()).filter(isFfmpeg), []);
  assert.equal((await store.get(record.id)).state, "deleted");
  await events.close();
  await queue.close();
});
