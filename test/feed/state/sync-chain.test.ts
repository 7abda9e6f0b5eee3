import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { Redis } from "ioredis";
import { chainEvents } from "../../../src/cli/services/chain-events.ts";
import { type RedisServer, startRedis } from "../../../src/cli/services/redis-server.ts";
import { EventStream } from "../../../src/events/event-stream.ts";
import { compact } from "../../../src/events/lake/compact.ts";
import { Lake } from "../../../src/events/lake/lake.ts";
import { chainKey } from "../../../src/feed/state/sync-chain.ts";
import { Viewers } from "../../../src/feed/state/viewers.ts";
import { engagementClient } from "../../../src/ic/canisters/engagement-client.ts";
import { type CanisterNetwork, err, ok, startCanisters } from "../../canisters/network.ts";
import { type Resident, readyPost, resident } from "../../canisters/users.ts";
import { video } from "../../canisters/videos.ts";
import { quick } from "../../ic/local-network.ts";

let network: CanisterNetwork;
let server: RedisServer;
let redis: Redis;
let author: Resident;
let posts = 0;
before(async () => {
  [network, server] = await Promise.all([startCanisters(), startRedis()]);
  redis = new Redis(server.url);
  author = await resident(network);
});
after(async () => {
  redis.disconnect();
  await Promise.all([network[Symbol.asyncDispose](), server.stop()]);
});
beforeEach(async () => {
  await syncInto(redis)();
  await redis.flushall();
  await syncInto(redis)();
  await redis.del("kiln:events");
});

const folder = await mkdtemp(join(tmpdir(), "kiln-chain-"));
after(() => rm(folder, { recursive: true }));

const client = () =>
  engagementClient({ agent: network.agent, userIndex: network.canisters.user_index, retry: quick });

function syncInto(connection: Redis, lake = join(folder, "lake"), engagement = client()) {
  const stream = new EventStream(redis);
  const kept = { redis: connection, stream, viewers: new Viewers(redis, lake), lake };
  return chainEvents({ engagement, index: network.index }, kept)!;
}

async function newPost() {
  posts += 1;
  const uid = `clip${posts}`;
  ok(await network.admin.index.upsert_video(video(uid)));
  return { uid, post: { owner: author.principal, id: await readyPost(network.admin, author, uid) } };
}

async function inStream() {
  const events = [];
  for await (const { event } of new EventStream(redis).entries()) events.push(event);
  return events;
}

test("what callers do enters the stream once and in order, with what was taken back; authors' own acts do not", async () => {
  const { uid, post } = await newPost();
  const viewer = await resident(network);
  const at = viewer.at(author.canister);
  ok(await author.own.update_post_like_status(post, true));
  ok(await at.update_post_like_status(post, true));
  ok(await at.update_post_like_status(post, true));
  ok(await at.update_post_add_view_details(post, { WatchedPartially: { percentage_watched: 50 } }));
  ok(await at.vote_on_post(post, { Hot: null }));
  ok(await at.update_post_increment_share_count(post));
  ok(await at.update_post_like_status(post, false));
  const { added } = await syncInto(redis)();
  assert.equal(added, 5);
  const events = await inStream();
  assert.deepEqual(
    events.map(({ type }) => type),
    ["like", "watch", "hot_vote", "share", "unlike"],
  );
  assert.ok(events.every((event) => event.user === viewer.principal.toText() && event.video === uid));
  const watch = events[1]!;
  assert.ok(watch.type === "watch" && watch.totalMs === Number(video(uid).duration_ms));
  assert.equal(watch.watchedMs, Math.round(watch.totalMs / 2));
  const { viewer: known } = await new Viewers(redis, join(folder, "lake")).read(viewer.principal.toText());
  assert.ok(known.seen.has(uid), "the next feed knows it");
});

test("a round that is killed before it notes its position, and repeated, adds nothing twice, also behind the lake", async () => {
  const { post } = await newPost();
  const viewer = await resident(network);
  ok(await viewer.at(author.canister).update_post_like_status(post, true));
  const dying = new Proxy(redis, {
    get: (target, name) =>
      name === "hset" ? () => Promise.reject(new Error("killed")) : Reflect.get(target, name, target),
  });
  const killed = await syncInto(dying)();
  assert.equal(killed.added, 1);
  assert.ok(killed.failures.some(({ canister }) => canister === author.canister.toText()));
  assert.deepEqual(await counts(), { added: 0, duplicates: 1 });
  assert.deepEqual(await counts(), { added: 0, duplicates: 0 });

  const path = join(folder, "once");
  const name = viewer.principal.toText();
  {
    using lake = await Lake.open(path);
    await compact(new EventStream(redis), lake);
    await redis.flushall();
    await syncInto(redis)();
    const { duplicates } = await compact(new EventStream(redis), lake);
    assert.ok(duplicates >= 1, "Redis has forgotten it, the lake has not");
    assert.equal(await lake.forget(name, Date.now()), 1);
  }

  async function counts() {
    const { added, duplicates } = await syncInto(redis)();
    return { added, duplicates };
  }
});

test("deleting an account deletes what was read of it, once: what the user does after coming back stays", async () => {
  const path = join(folder, "left");
  const { post } = await newPost();
  const viewer = await resident(network);
  const name = viewer.principal.toText();
  ok(await viewer.at(author.canister).update_post_like_status(post, true));
  await syncInto(redis, path)();
  {
    using lake = await Lake.open(path);
    await compact(new EventStream(redis), lake);
  }
  while (!ok(await viewer.users.delete_requester()).done);
  const { left } = await syncInto(redis, path)();
  assert.equal(left, 1);
  assert.deepEqual((await new Viewers(redis, path).read(name)).viewer.seen.size, 0);

  await network.later(2_000);
  ok(await viewer.at(author.canister).update_post_increment_share_count(post));
  for (let round = 1; round <= 2; round++) {
    await syncInto(redis, path)();
    const kept = (await inStream()).filter(({ user }) => user === name);
    assert.deepEqual(
      kept.map(({ type }) => type),
      ["share"],
    );
    // Everything is read again.
    await redis.del(chainKey);
  }
  await redis.del("kiln:events");
  using lake = await Lake.open(path);
  assert.equal(await lake.forget(name, Date.now()), 0, "the like is not in the lake any more");
});

test("a stranger may not read it; a loaded snapshot starts over without counting twice", async () => {
  const { post } = await newPost();
  const viewer = await resident(network);
  const at = viewer.at(author.canister);
  assert.match(JSON.stringify(err(await at.engagement_since(0n, 10))), /refresh_membership/);
  assert.match(JSON.stringify(err(await at.refresh_membership())), /lacks the role/);

  ok(await at.update_post_like_status(post, true));
  await syncInto(redis)();
  ok(await network.admin.at(author.canister).rewound());
  ok(await at.update_post_increment_share_count(post));
  const { added, duplicates } = await syncInto(redis)();
  assert.equal(added, 1);
  assert.ok(duplicates >= 1);
});
