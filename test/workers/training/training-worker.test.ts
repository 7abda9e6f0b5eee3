import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { type RedisServer, startRedis } from "../../../src/cli/services/redis-server.ts";
import { type ServiceProcess, startWorkerProcess } from "../../../src/cli/services/service-process.ts";
import { loadRecommender } from "../../../src/ml/models/stored/load-recommender.ts";
import { readActivation } from "../../../src/ml/registry/activation.ts";
import { listVersions } from "../../../src/ml/registry/registry.ts";
import { type NetworkProgress, TrainingTask } from "../../../src/ml/training/training-task.ts";
import { connectRedis } from "../../../src/queues/connection.ts";
import { TrainingJob, trainingJobId, trainingQueueName } from "../../../src/queues/training-job.ts";
import { TrainingQueue } from "../../../src/queues/training-queue.ts";
import { queuePrefix } from "../../../src/queues/video-job.ts";
import { processesWith } from "../../e2e/processes.ts";

const main = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
let folder: string;
let server: RedisServer;
let redis: Redis;
let queue: TrainingQueue;
let workers: ServiceProcess[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "kiln-training-worker-"));
  server = await startRedis();
  redis = await connectRedis(server.url);
  queue = new TrainingQueue(redis);
});
afterEach(async () => {
  for (const worker of workers) await kill(worker);
  workers = [];
  await redis.flushall();
});
after(async () => {
  await queue[Symbol.asyncDispose]();
  redis.disconnect();
  await server.stop();
  await rm(folder, { recursive: true });
});

/** A real `kiln worker` that takes trainings alone. `mark` is found in the environment of all its processes. */
async function startWorker(mark: string): Promise<ServiceProcess> {
  const worker = await startWorkerProcess({
    stderr: process.env.KILN_TEST_LOG ? "inherit" : "ignore",
    env: {
      PATH: process.env.PATH,
      KILN_REDIS_URL: server.url,
      KILN_STAGES: "train",
      KILN_LOCK_SECONDS: "2",
      KILN_STOP_SECONDS: "0",
      KILN_TEST_MARK: `${folder}-${mark}`,
    },
  });
  workers.push(worker);
  return worker;
}

async function kill(worker: ServiceProcess): Promise<void> {
  try {
    process.kill(worker.pid, "SIGKILL");
  } catch {
    // It has ended.
  }
  await worker.exited;
}

/** Users walk around a ring with a stride of their own: two steps tell what follows, one does not. */
async function interactions(name: string, users = 120): Promise<string> {
  const lines = Array.from({ length: users }, (_, user) =>
    Array.from({ length: 7 }, (_, step) => `u${user} i${(user + step * (user % 2 === 0 ? 1 : 5)) % 12}`),
  );
  const path = join(folder, `${name}.txt`);
  await writeFile(path, lines.flat().join("\n"));
  return path;
}

async function job(name: string, training: object = {}): Promise<TrainingJob> {
  const task = TrainingTask.parse({
    source: { kind: "file", path: await interactions(name), format: "pairs" },
    out: join(folder, name),
    model: "blend",
    engine: "wasm",
    split: "leave-last-out",
    parameters: {
      transformer: { dimension: 16, context: 8, dropout: 0.1 },
      training: { epochs: 12, tokens: 96, learningRate: 0.02, warmup: 5, averageDecay: 0.9, ...training },
    },
  });
  return TrainingJob.parse({ task, registration: { folder: join(folder, `${name}-models`), promote: true } });
}

/** Resolves with the first progress that is wanted. */
async function until(id: string, wanted: (progress: NetworkProgress) => boolean): Promise<void> {
  const stop = new AbortController();
  const follow = queue.follow(id, {
    onProgress: (progress) => wanted(progress) && stop.abort(),
    signal: stop.signal,
  });
  await follow.catch((error: Error) => {
    if (error.name !== "AbortError") throw error;
  });
}

test("kiln train --queue --wait: a worker trains, registers and promotes what the gate allows", async () => {
  await startWorker("whole");
  const asked = await job("whole");
  const args = [
    ...["--interactions", "whole.txt", "--split", "leave-last-out", "--engine", "wasm", "--out", "whole"],
    ...["--parameters", JSON.stringify(asked.task.parameters), "--promote", "--queue", "--wait", "--json"],
  ];
  const env = { PATH: process.env.PATH, KILN_REDIS_URL: server.url, KILN_MODELS: "whole-models" };
  const { code, stdout, stderr } = await new Promise<{ code: number; stdout: string; stderr: string }>(
    (resolve) => {
      const child = execFile(
        process.execPath,
        [main, "train", ...args],
        { cwd: folder, env },
        (_, out, err) => resolve({ code: child.exitCode!, stdout: out, stderr: err }),
      );
    },
  );
  assert.equal(code, 0, stderr);
  const { id, out, registered } = JSON.parse(stdout);
  assert.deepEqual([id, out], [trainingJobId(asked), asked.task.out]);
  const registry = { folder: join(folder, "whole-models") };
  assert.equal((await readActivation(registry))?.active, registered.version);
  assert.equal(registered.promoted, true);
  const { items } = await loadRecommender(out, { engine: "wasm" });
  assert.equal(items.length, 12);
});

test("kill -9 of the worker: its training dies, another worker goes on from the checkpoint, once", async () => {
  const first = await startWorker("first");
  const asked = await job("killed", { epochs: 30, evaluateEvery: 1, patience: 30 });
  const { id } = await queue.add(asked);
  await until(id, ({ epoch }) => epoch >= 4);
  await kill(first);
  await startWorker("second");
  const epochs: number[] = [];
  const { registered } = await queue.follow(id, { onProgress: ({ epoch }) => epochs.push(epoch) });
  assert.deepEqual(await processesWith(`KILN_TEST_MARK=${folder}-first`), []);
  assert.ok(Math.min(...epochs) >= 3, `it went on in epoch ${epochs[0]}`);
  const registry = { folder: join(folder, "killed-models") };
  assert.deepEqual(
    (await listVersions(registry)).map(({ version }) => version),
    [registered!.version],
  );
  assert.ok(!(await readdir(asked.task.out)).some((name) => name.startsWith("checkpoint")));
});

test("a stopped worker hands its training back with a checkpoint in the middle of an epoch", async () => {
  const first = await startWorker("stopped");
  const asked = await job("stopped", { epochs: 30, evaluateEvery: 1, patience: 30 });
  const { id } = await queue.add(asked);
  await until(id, ({ epoch }) => epoch >= 2);
  await first.stop();
  assert.deepEqual(await processesWith(`KILN_TEST_MARK=${folder}-stopped`), []);
  assert.deepEqual(await readdir(asked.task.out), ["checkpoint0.safetensors"]);
  assert.deepEqual(await queue.add(asked), { id, known: true });
  await startWorker("after-stop");
  await queue.follow(id);
});

test("data that change between attempts: the training begins anew", async () => {
  const first = await startWorker("before");
  const asked = await job("changed", { epochs: 30, evaluateEvery: 1, patience: 30 });
  const { id } = await queue.add(asked);
  await until(id, ({ epoch }) => epoch >= 2);
  await kill(first);
  await interactions("changed", 130);
  await startWorker("changed");
  await queue.follow(id);
  const { data } = JSON.parse(await readFile(join(asked.task.out, "metrics.json"), "utf8"));
  assert.equal(data.users, 130);
});

test("what cannot be trained fails for good with its reason, and can be asked for again", async () => {
  await startWorker("poison");
  const asked = await job("poison");
  await writeFile(join(folder, "poison.txt"), "a line of four words\n");
  const { id } = await queue.add(asked);
  await assert.rejects(queue.follow(id), { code: "INTERACTIONS_INVALID", message: /line 1: expected/ });
  await interactions("poison");
  assert.deepEqual(await queue.add(asked), { id, known: false });
  await queue.follow(id);
});

test("what is no training fails for good; a checkpoint of another one is not gone on from", async () => {
  await startWorker("odd");
  const raw = new Queue(trainingQueueName, { connection: redis, prefix: queuePrefix });
  await raw.add("odd", { task: { out: 7 } }, { jobId: "odd", attempts: 3 });
  await assert.rejects(queue.follow("odd"), { code: "TRAINING_INVALID", message: /task/ });
  await raw.close();
  const asked = await job("left");
  await mkdir(asked.task.out);
  await writeFile(join(asked.task.out, "checkpoint0.safetensors"), "of somebody else");
  await queue.follow((await queue.add(asked)).id);
});

test("two trainings into one folder: the second one is refused while the first waits", async () => {
  const asked = await job("shared");
  const { id } = await queue.add(asked);
  assert.deepEqual(await queue.add(asked), { id, known: true });
  const other = { ...asked, task: { ...asked.task, seed: 2 } };
  await assert.rejects(queue.add(other), { code: "TRAINING_UNDER_WAY", message: /another --out/ });
});
