import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { Redis } from "ioredis";
import { type RedisServer, startRedis } from "../../src/cli/services/redis-server.ts";
import { connectRedis } from "../../src/queues/connection.ts";
import { followVideos } from "../../src/videos/follow-videos.ts";
import { begun } from "../../src/videos/transition.ts";
import { VideoStore, videoKeys } from "../../src/videos/video-store.ts";
import type { VideoUpdate } from "../../src/videos/video-update.ts";

let server: RedisServer;
let redis: Redis;
let store: VideoStore;

before(async () => {
  server = await startRedis();
  redis = await connectRedis(server.url);
  store = new VideoStore(redis);
});
beforeEach(() => redis.flushall());
after(async () => {
  redis.disconnect();
  await server.stop();
});

const reason = { code: "NOT_A_VIDEO", message: 'a "text"' };
const video = (digit: string) => ({
  title: `video ${digit}`,
  source: `/${digit}.mp4`,
  sha256: digit.repeat(64),
  bytes: 9,
});

const never = () => assert.fail("every record can be read");

async function toListOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

test("a record comes back as it was written, in every state", async () => {
  const created = await store.create(video("a"));
  assert.deepEqual(await store.get(created.id), created);
  await store.apply(created.id, begun("ingest", 1));
  const rejected = await store.apply(created.id, { type: "rejected", attempt: 1, reason });
  assert.ok(rejected.outcome === "moved");
  assert.deepEqual(await store.get(created.id), rejected.record);
  assert.deepEqual(rejected.record.reason, reason);
});

test("of many that begin at once each gets a fencing number of its own; only the last may go on", async () => {
  const { id } = await store.create(video("b"));
  const begins = await Promise.all(Array.from({ length: 20 }, () => store.apply(id, begun("ingest", 1))));
  const attempts = begins.map((begin) => (begin.outcome === "moved" ? begin.record.attempt : 0));
  assert.deepEqual(
    attempts.toSorted((a, b) => a - b),
    Array.from({ length: 20 }, (_, index) => index + 1),
  );
  const ends = await Promise.all(attempts.map((attempt) => store.apply(id, { type: "accepted", attempt })));
  assert.equal(ends.filter(({ outcome }) => outcome === "moved").length, 1);
  assert.equal((await store.get(id)).state, "accepted");
});

test("the open ones are those that somebody has to work on; all are listed newest first", async () => {
  const [a, b] = [await store.create(video("a")), await store.create(video("b"))];
  assert.deepEqual((await toListOf(store.open(never))).map(({ id }) => id).sort(), [a.id, b.id]);
  await store.apply(a.id, { type: "failed", attempt: 0, reason });
  assert.deepEqual(
    (await toListOf(store.open(never))).map(({ id }) => id),
    [b.id],
  );
  await store.apply(a.id, { type: "retried", source: "/again.mp4" });
  assert.equal((await toListOf(store.open(never))).length, 2);
  assert.deepEqual((await toListOf(store.ids())).sort(), [a.id, b.id]);
});

test("an unreadable record is reported, the others follow; one that is gone is forgotten", async () => {
  const [a, b, c] = [
    await store.create(video("a")),
    await store.create(video("b")),
    await store.create(video("c")),
  ];
  await redis.hset(videoKeys.record(a.id), "bytes", "many");
  await redis.del(videoKeys.record(c.id));
  for (const list of [store.open.bind(store), store.records.bind(store)]) {
    const reported: string[] = [];
    const records = await toListOf(list((id, { code }) => void reported.push(`${id} ${code}`)));
    assert.deepEqual([records, reported], [[b], [`${a.id} RECORD_UNREADABLE`]]);
  }
  assert.deepEqual((await redis.smembers(videoKeys.open)).sort(), [a.id, b.id]);
});

test("two versions in one pool: fields that this one does not know stay, a newer schema is left alone", async () => {
  const { id } = await store.create(video("a"));
  const key = videoKeys.record(id);
  const decisions = '[{"verdict":"clear","by":"ann","reason":"a painting","at":7,"appeal":"granted"}]';
  await redis.hset(key, { cover: '{"at":1.5}', decisions });
  await store.apply(id, begun("ingest", 1));
  await store.apply(id, { type: "accepted", attempt: 1 });
  await store.apply(id, { type: "failed", attempt: 1, reason });
  await store.apply(id, { type: "retried", source: "/again.mp4" });
  const fields = await redis.hgetall(key);
  assert.deepEqual([fields.cover, fields.decisions, fields.reason], ['{"at":1.5}', decisions, undefined]);

  // Also where this version adds to a list.
  await redis.hset(key, "state", "published");
  const decision = { verdict: "ban", by: "bob", reason: "no painting", at: 8 } as const;
  await store.apply(id, { type: "banned", reason, decision });
  assert.match((await redis.hget(key, "decisions"))!, /"appeal":"granted"/);

  await redis.hset(key, { schema: 2, state: "translated" });
  const before = await redis.hgetall(key);
  const newer = { code: "RECORD_NEWER", final: false };
  await assert.rejects(store.apply(id, { type: "deleted" }), newer);
  await assert.rejects(store.create(video("a")), newer);
  assert.deepEqual(await redis.hgetall(key), before);
});

test("progress of an attempt that was taken over is refused", async () => {
  const { id } = await store.create(video("a"));
  const first = await store.apply(id, begun("ingest", 1));
  assert.ok(first.outcome === "moved");
  const progress = { stage: "probe", fraction: 0.5 };
  assert.equal(await store.report(first.record, progress), "reported");
  const { fraction, stage } = await store.latest(id);
  assert.deepEqual({ stage, fraction }, progress);
  await store.apply(id, begun("ingest", 1));
  assert.equal(await store.report(first.record, progress), "refused");
  assert.equal((await store.latest(id)).stage, undefined);
});

test("following: late subscribers get the present state, a lost connection loses nothing", async () => {
  const [a, b] = [await store.create(video("a")), await store.create(video("b"))];
  await store.apply(a.id, { type: "deleted" });
  const seen: Pick<VideoUpdate, "id" | "state">[] = [];
  for await (const { id, state } of followVideos(redis, [a.id, b.id])) {
    seen.push({ id, state });
    if (seen.length !== 2) continue;
    const subscriber = /id=(\d+) .*sub=1/.exec(String(await redis.client("LIST")))![1]!;
    await redis.client("KILL", "ID", subscriber);
    await store.apply(b.id, { type: "deleted" });
  }
  assert.deepEqual(seen, [
    { id: a.id, state: "deleted" },
    { id: b.id, state: "received" },
    { id: b.id, state: "deleted" },
  ]);
});

test("following what is unknown, and stopping to follow", async () => {
  await assert.rejects(toListOf(followVideos(redis, ["ab".repeat(16)])), { code: "VIDEO_UNKNOWN" });
  const { id } = await store.create(video("a"));
  const stop = new AbortController();
  await assert.rejects(
    async () => {
      for await (const _ of followVideos(redis, [id], { signal: stop.signal })) stop.abort();
    },
    { name: "AbortError" },
  );
});
