import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import type { Redis } from "ioredis";
import { type RedisServer, startRedis } from "../../../src/cli/services/redis-server.ts";
import { connectRedis } from "../../../src/queues/connection.ts";
import { VideoQueues } from "../../../src/queues/video-queues.ts";
import { begun } from "../../../src/videos/transition.ts";
import type { VideoRecord } from "../../../src/videos/video.ts";
import { VideoStore } from "../../../src/videos/video-store.ts";
import { main } from "../kiln.ts";

let server: RedisServer;
let redis: Redis;
let store: VideoStore;
const ids: Record<"long" | "damaged" | "lost" | "waiting", string> = {
  ...{ long: "", damaged: "", lost: "", waiting: "" },
};

before(async () => {
  server = await startRedis();
  redis = await connectRedis(server.url);
  store = new VideoStore(redis);
  const made = async (digit: string): Promise<string> => {
    const facts = { title: `video ${digit}`, source: `/${digit}.mp4`, sha256: digit.repeat(64), bytes: 9 };
    const { id } = await store.create(facts);
    await store.apply(id, begun("ingest", 1));
    return id;
  };
  const reason = (code: string) => ({ code, message: "a sentence" });
  ids.long = await made("a");
  await store.apply(ids.long, { type: "rejected", attempt: 1, reason: reason("TOO_LONG") });
  ids.damaged = await made("b");
  await store.apply(ids.damaged, { type: "rejected", attempt: 1, reason: reason("CORRUPT") });
  ids.waiting = await made("c");
  await store.apply(ids.waiting, { type: "waited", attempt: 1, reason: reason("CANISTER_UNREACHABLE") });
  ids.lost = await made("d");
  await store.apply(ids.lost, { type: "accepted", attempt: 1 });
  await store.apply(ids.lost, begun("transcode", 1));
  await store.apply(ids.lost, { type: "encoded", attempt: 2, product: 2 });
  await store.apply(ids.lost, { type: "cleared", attempt: 2 });
  await store.apply(ids.lost, begun("publish", 1));
  await store.apply(ids.lost, { type: "failed", attempt: 3, reason: reason("NO_MANIFEST") });
});
after(async () => {
  redis.disconnect();
  await server.stop();
});

function videos(...args: string[]) {
  const env = { PATH: process.env.PATH, KILN_REDIS_URL: server.url };
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(process.execPath, [main, "videos", ...args], { env }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode!, stdout, stderr }),
    );
  });
}

test("kiln videos: list by state, show what one waits for and since when", async () => {
  const { code, stdout } = await videos("list", "--state", "rejected", "--json");
  assert.equal(code, 0);
  assert.deepEqual(
    new Set(JSON.parse(stdout).videos.map(({ id }: VideoRecord) => id)),
    new Set([ids.long, ids.damaged]),
  );
  assert.match(
    (await videos("show", ids.waiting)).stdout,
    /waiting for the network since 20\d\d-\d\d-\d\d \d\d:\d\d UTC: a sentence\n/,
  );
  assert.match((await videos("show", "nothing")).stderr, /^VIDEO_UNKNOWN: /);
});

test("kiln videos retry: what was rejected for one reason, what failed from the stage that heals it", async () => {
  const rejected = await videos("retry", "--rejected", "TOO_LONG", "--json");
  assert.deepEqual(JSON.parse(rejected.stdout), {
    videos: [{ id: ids.long, state: "received", from: "ingest" }],
  });
  assert.equal((await store.get(ids.damaged)).state, "rejected");
  const failed = await videos("retry", "--failed", "--json");
  assert.deepEqual(JSON.parse(failed.stdout), {
    videos: [{ id: ids.lost, state: "accepted", from: "transcode" }],
  });
  await using queues = new VideoQueues(redis);
  for (const id of [ids.long, ids.lost]) assert.equal(await queues.state(await store.get(id)), "going");

  const again = await videos("retry", ids.lost);
  assert.equal(again.code, 1);
  assert.match(again.stdout, /it is accepted: only what failed or was rejected is tried again/);
  const early = await videos("retry", ids.damaged, "--from", "publish");
  assert.match(early.stdout, /it has not been encoded: --from transcode/);
  assert.match((await videos("retry")).stderr, /^VIDEO_NOT_NAMED: /);
});
