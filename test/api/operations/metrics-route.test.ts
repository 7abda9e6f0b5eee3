import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { FastifyInstance } from "fastify";
import type { Redis } from "ioredis";
import { createApi } from "../../../src/api/api.ts";
import { openLog } from "../../../src/base/log.ts";
import { type RedisServer, startRedis } from "../../../src/cli/services/redis-server.ts";
import { EventStream } from "../../../src/events/event-stream.ts";
import type { FeedDependencies } from "../../../src/feed/feed.ts";
import { connectRedis } from "../../../src/queues/connection.ts";
import { Pool } from "../../../src/queues/pool-status.ts";
import { VideoQueues } from "../../../src/queues/video-queues.ts";
import { WorkerRegistry } from "../../../src/queues/worker-presence.ts";
import { VideoStore } from "../../../src/videos/video-store.ts";
import { sample } from "../../events/sample-events.ts";

let server: RedisServer;
let redis: Redis;
let pool: Pool;
let app: FastifyInstance;
const headers = { host: "127.0.0.1:8080" };

before(async () => {
  server = await startRedis();
  redis = await connectRedis(server.url);
  pool = new Pool(redis);
  const measured = { pool, stream: new EventStream(redis) };
  app = await createApi({ dependencies: {} as FeedDependencies, log: openLog("silent"), measured });
});
after(async () => {
  await app.close();
  await pool[Symbol.asyncDispose]();
  redis.disconnect();
  await server.stop();
});

async function metrics(): Promise<string[]> {
  const response = await app.inject({ url: "/metrics", headers });
  assert.equal(response.statusCode, 200, response.body);
  assert.match(String(response.headers["content-type"]), /^text\/plain; version=0\.0\.4/);
  return response.body.split("\n");
}

const has = (lines: readonly string[], line: string) =>
  assert.ok(lines.includes(line), `${line} in\n${lines.join("\n")}`);

test("metrics: queues, workers and waiting events, as they are now", async () => {
  await using queues = new VideoQueues(redis);
  const store = new VideoStore(redis);
  await queues.add(await store.create({ title: "a", source: "/a", sha256: "a".repeat(64), bytes: 1 }));
  const registry = new WorkerRegistry(redis);
  const worker = {
    ...{ id: "one/1", host: "one", version: "1", startedAt: 0, running: [] },
    slots: { transcode: 2, publish: 1 },
    paused: [{ reason: "network", since: 1 }],
  };
  await registry.announce(worker);
  await registry.announce({ ...worker, id: "two/1", host: "two", paused: [] });
  await new EventStream(redis).add([sample({ type: "like", user: "u", video: "v", at: Date.now() })]);
  await pool.pause(["publish"]);
  const lines = await metrics();
  has(lines, 'kiln_queue_jobs{stage="ingest",state="waiting"} 1');
  has(lines, 'kiln_queue_jobs{stage="transcode",state="waiting"} 0');
  has(lines, 'kiln_queue_paused{stage="publish"} 1');
  has(lines, 'kiln_queue_paused{stage="ingest"} 0');
  has(lines, "kiln_workers 2");
  has(lines, 'kiln_worker_slots{stage="transcode"} 4');
  has(lines, 'kiln_workers_paused{reason="network"} 1');
  has(lines, "kiln_events_waiting 1");
  await registry.leave("one/1");
  const later = await metrics();
  has(later, 'kiln_worker_slots{stage="transcode"} 2');
  assert.ok(!later.some((line) => line.startsWith("kiln_workers_paused{")), "what is over is not reported");
});

test("metrics: requests are counted by route, whatever their path", async () => {
  await app.inject({ url: "/nowhere/1", headers });
  await app.inject({ url: "/nowhere/2", headers });
  await app.inject({ url: "/openapi.json", headers });
  const lines = await metrics();
  has(lines, 'kiln_http_request_seconds_count{method="GET",route="none",status="404"} 2');
  has(lines, 'kiln_http_request_seconds_count{method="GET",route="/openapi.json",status="200"} 1');
});

test("access: pages of other origins need a token; methods and missing tokens are answered as HTTP has it", async () => {
  const from = async (origin?: string) =>
    (await app.inject({ url: "/openapi.json", headers: { ...headers, ...(origin && { origin }) } }))
      .statusCode;
  assert.deepEqual(
    [
      await from(),
      await from("http://localhost:5173"),
      await from("https://evil.example"),
      await from("null"),
    ],
    [200, 200, 403, 403],
  );
  const wrong = await app.inject({ method: "DELETE", url: "/v1/feed?user=a", headers });
  assert.deepEqual([wrong.statusCode, wrong.headers.allow], [405, "GET, HEAD, POST"]);
  assert.equal(wrong.json().code, "METHOD_NOT_ALLOWED");
  const token = "a-token-of-16-characters";
  const guarded = await createApi({ dependencies: {} as FeedDependencies, log: openLog("silent"), token });
  const missing = await guarded.inject({ url: "/metrics", headers });
  assert.deepEqual([missing.statusCode, missing.headers["www-authenticate"]], [401, "Bearer"]);
  const bearer = { ...headers, authorization: `Bearer ${token}`, origin: "https://app.example" };
  assert.equal((await guarded.inject({ url: "/metrics", headers: bearer })).statusCode, 200);
  await guarded.close();
});
