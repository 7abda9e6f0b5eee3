import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import fc from "fast-check";
import { Redis } from "ioredis";
import { seeded } from "../../src/base/random.ts";
import { type RedisServer, startRedis } from "../../src/cli/services/redis-server.ts";
import type { EngagementEvent } from "../../src/events/event.ts";
import { EventStream } from "../../src/events/event-stream.ts";
import { type Feed, type FeedDependencies, feed, previewFeed } from "../../src/feed/feed.ts";
import type { Visibility } from "../../src/feed/filters/visibility.ts";
import { lent } from "../../src/feed/sources/model-lease.ts";
import { Catalogue } from "../../src/feed/state/catalogue.ts";
import { Viewers, viewerKey } from "../../src/feed/state/viewers.ts";
import { connectRedis } from "../../src/queues/connection.ts";
import { noon, sample } from "../events/sample-events.ts";
import { feedDependencies, numbered, servedModel } from "./feed-dependencies.ts";

let server: RedisServer;
let redis: Redis;
let lake: string;

before(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
  lake = await mkdtemp(join(tmpdir(), "kiln-feed-"));
});
beforeEach(async () => {
  await redis.flushall();
});
after(async () => {
  redis.disconnect();
  await server.stop();
  await rm(lake, { recursive: true });
});

const dependencies = (others: Partial<FeedDependencies> = {}) => feedDependencies(redis, lake, others);
const videosOf = ({ items }: Feed) => items.map(({ video }) => video);
const ask = (given: FeedDependencies, user: string, limit = 20, now = noon) =>
  feed(given, { user, limit, now });
const did = (type: EngagementEvent["type"], user: string, video: string, at = noon) =>
  sample({ type, user, video, at, ...(type === "follow" ? { creator: "c" } : {}) });

test("a new video stays new after its first like, until it has had its impressions, and then trends", async () => {
  let trending = numbered("old", 300);
  const given = dependencies({
    model: () => lent(servedModel(numbered("known", 400))),
    ...{ trending: () => trending, fresh: () => ["newcomer"], freshShare: 0.1, freshImpressions: 30 },
  });
  const shownTo = async (prefix: string, viewers: number) => {
    let shown = 0;
    for (const user of numbered(prefix, viewers))
      if (videosOf(await ask(given, user)).includes("newcomer")) shown++;
    return shown;
  };
  assert.equal(await shownTo("before-", 10), 10);
  // The like puts it first among what is trending; the model does not know it.
  await given.viewers.add([did("like", "before-0", "newcomer")]);
  assert.equal(await shownTo("unranked-", 10), 10);
  trending = ["newcomer", ...trending];
  assert.equal(await shownTo("after-", 10), 10);
  const all = await ask(given, "later");
  assert.deepEqual(
    all.items.filter(({ video }) => video === "newcomer").map(({ source }) => source),
    ["trending"],
  );
  trending = trending.slice(1);
  assert.equal(await shownTo("done-", 5), 0);
});

test("sources are blended before the cut: each has its share of the places, and the model the most", async () => {
  const given = dependencies({
    model: () => lent(servedModel(numbered("known", 400), { global: numbered("global", 50) })),
    trending: () => numbered("trend", 50),
  });
  await given.viewers.add([did("like", "ann", "known0")]);
  const { items, stages } = await ask(given, "ann");
  const counts = Map.groupBy(items, ({ source }) => source);
  assert.deepEqual([...counts].map(([source, own]) => [source, own.length]).toSorted(), [
    ["global", 3],
    ["sequence", 14],
    ["trending", 3],
  ]);
  assert.deepEqual(
    stages.map(({ stage, in: received, out }) => [stage, received, out]),
    [
      ["sources", 340, 340],
      ["dislikes", 340, 340],
      ["filters", 340, 60],
      ["ranking", 60, 60],
      ["fresh", 0, 0],
      ["selection", 60, 20],
    ],
  );
});

test("feeds of one viewer at the same time share no video, over two hosts, too", async () => {
  const other = new Redis(server.url);
  const hosts = [redis, other].map((connection) =>
    feedDependencies(connection, lake, { trending: () => numbered("v", 200) }),
  );
  const feeds = await Promise.all([0, 1, 0, 1, 0, 1].map((host) => ask(hosts[host]!, "prefetcher", 5)));
  other.disconnect();
  const shown = feeds.flatMap(videosOf);
  assert.equal(shown.length, 30);
  assert.equal(new Set(shown).size, 30);
});

test("everything seen: what was seen longest ago comes again, chosen videos first, disliked ones never", async () => {
  const given = dependencies({ trending: () => numbered("v", 6) });
  await ask(given, "ann", 6, noon);
  await given.viewers.add([
    did("like", "ann", "v4", noon + 1),
    did("not_interested", "ann", "v0", noon + 2),
    did("report", "ann", "v1", noon + 3),
  ]);
  const again = await ask(given, "ann", 2, noon + 10);
  assert.deepEqual(
    again.items.map(({ video, source }) => [video, source]),
    [
      ["v4", "replay"],
      ["v2", "replay"],
    ],
  );
  assert.deepEqual(videosOf(await ask(given, "ann", 4, noon + 20)).toSorted(), ["v2", "v3", "v4", "v5"]);
});

test("unlike, not interested and report act at once: on the history, on similar videos, on the author", async () => {
  const videos = numbered("v", 12);
  const authors: Visibility = async (asked) =>
    new Map(
      asked.map((video) => [video, { visible: true, author: `author-of-${Number(video.slice(1)) % 4}` }]),
    );
  const given = dependencies({
    visibility: authors,
    model: () =>
      lent(
        servedModel(videos, { global: [], similar: async ([last]) => new Set(last === "v2" ? ["v3"] : []) }),
      ),
  });
  const act = (type: EngagementEvent["type"], video: string, at: number) =>
    given.viewers.add([did(type, "ann", video, at)]);
  const next = async () => videosOf(await previewFeed(given, { user: "ann", limit: 20, now: noon + 100 }));

  await act("like", "v0", noon);
  assert.deepEqual((await given.viewers.get("ann")).chosen, ["v0"]);
  assert.deepEqual(await next(), videos.slice(1));
  // The retraction leaves no history to go on from; an earlier like that is delivered late changes nothing.
  await act("unlike", "v0", noon + 1);
  await act("like", "v0", noon);
  assert.deepEqual((await given.viewers.get("ann")).chosen, []);
  await act("like", "v1", noon + 2);
  assert.deepEqual((await next())[0], "v2");
  // v3 is similar to v2; v6 and v10 have its author.
  await act("not_interested", "v2", noon + 3);
  assert.deepEqual(await next(), ["v4", "v5", "v7", "v8", "v9", "v11", "v3", "v6", "v10"]);
  // Of the author of what was reported nothing comes.
  await act("report", "v4", noon + 4);
  assert.deepEqual(await next(), ["v5", "v7", "v9", "v11", "v3", "v6", "v10"]);
});

test("a preview has no effect, a feed logs its impressions once with what they were selected from", async () => {
  const given = dependencies({ trending: () => ["a", "b", "c"] });
  const preview = await previewFeed(given, { user: "ann", limit: 2, now: noon });
  assert.deepEqual(await redis.xlen("kiln:events"), 0);
  assert.deepEqual((await given.viewers.get("ann")).seen.size, 0);
  const { items, id, impressions } = await ask(given, "ann", 2);
  assert.deepEqual(items, preview.items);
  const logged: EngagementEvent[] = [];
  for await (const { event } of given.stream.entries()) logged.push(event);
  assert.deepEqual(logged, impressions);
  assert.deepEqual(
    logged.map((event) => event.type === "impression" && [event.video, event.feed, event.candidates]),
    [
      ["a", id, '["a","b","c"]'],
      ["b", id, undefined],
    ],
  );
});

test("without Redis feeds and events are answered in time: degraded, and nothing is logged", async (t) => {
  const doomed = await startRedis();
  const connection = await connectRedis(doomed.url, { timeoutMs: 300 });
  t.after(() => connection.disconnect());
  const failures: unknown[] = [];
  const given = feedDependencies(connection, lake, {
    ...{ trending: () => ["a", "b"], fresh: () => ["n"], freshShare: 0.5 },
    onDegraded: (error) => failures.push(error),
  });
  assert.deepEqual((await ask(given, "ann", 1)).degraded, []);
  await doomed.stop();
  const { items, degraded, impressions } = await ask(given, "ann", 4);
  assert.deepEqual(items.map(({ video }) => video).toSorted(), ["a", "b", "n"]);
  assert.deepEqual([degraded, impressions], [["viewer"], []]);
  assert.ok(failures.length >= 1);
  await assert.rejects(given.stream.add([did("like", "ann", "a")]));
});

test("a feed whose impressions cannot be logged is served and marked, and its places stay reserved", async () => {
  const stream = new EventStream(redis, { maxWaiting: 0 });
  const given = dependencies({ stream, trending: () => ["a", "b"] });
  const { items, degraded, impressions } = await ask(given, "ann", 1);
  assert.deepEqual([items[0]!.video, degraded, impressions], ["a", ["log"], []]);
  assert.deepEqual(videosOf(await ask(given, "ann", 1)), ["b"]);
});

test("exploration draws from all videos; the logged propensities are the frequencies", async () => {
  const catalogue = new Catalogue([...numbered("v", 6), "hidden"]);
  const given = dependencies({
    ...{ trending: () => ["v0", "v1"], catalogue: () => catalogue, exploration: 0.4, random: seeded(3) },
    visibility: async (videos) => new Map(videos.map((video) => [video, { visible: video !== "hidden" }])),
  });
  // Met once, the hidden video has left the catalogue.
  for (let round = 0; catalogue.has("hidden"); round++)
    await previewFeed(given, { user: "ann", limit: 1, now: noon + round });
  const rounds = 2_000;
  const counts = new Map<string, { shown: number; propensity: number }>();
  for (let round = 0; round < rounds; round++) {
    const { items } = await previewFeed(given, { user: "ann", limit: 1, now: noon });
    const { video, propensity } = items[0]!;
    counts.set(video, { shown: (counts.get(video)?.shown ?? 0) + 1, propensity });
  }
  assert.deepEqual([...counts.keys()].toSorted(), numbered("v", 6));
  for (const [video, { shown, propensity }] of counts)
    assert.ok(Math.abs(shown / rounds - propensity) < 0.03, `${video}: ${shown / rounds} ${propensity}`);
});

/** A small world: videos with what they are, sources that may hold any of them, and what the viewer did. */
const worlds = fc.record({
  videos: fc.array(
    fc.record({
      visible: fc.boolean(),
      author: fc.constantFrom("p", "q", "r"),
      places: fc.subarray(["model", "global", "trending", "fresh", "catalogue"] as const),
    }),
    { minLength: 1, maxLength: 12 },
  ),
  actions: fc.array(
    fc.tuple(
      fc.constantFrom("impression", "like", "unlike", "not_interested", "report", "skip"),
      fc.nat({ max: 11 }),
    ),
    { maxLength: 10 },
  ),
  limit: fc.integer({ min: 1, max: 5 }),
  exploration: fc.constantFrom(0, 0.5, 1),
  freshShare: fc.constantFrom(0, 0.5),
  seed: fc.nat(),
});

test("whatever the world: nothing hidden, blocked, disliked or seen is served, and no feed is empty while something is left", async () => {
  let number = 0;
  await fc.assert(
    fc.asyncProperty(worlds, async ({ videos, actions, limit, exploration, freshShare, seed }) => {
      const facts = new Map(videos.map((video, index) => [`v${index}`, video]));
      const at = (place: (typeof videos)[number]["places"][number]) =>
        [...facts].flatMap(([id, { places }]) => (places.includes(place) ? [id] : []));
      const given = dependencies({
        model: () => lent(servedModel(at("model"), { global: at("global") })),
        ...{ trending: () => at("trending"), fresh: () => at("fresh"), freshShare, exploration },
        catalogue: () => new Catalogue([...facts.keys()]),
        visibility: async (asked) =>
          new Map(asked.flatMap((id) => (facts.has(id) ? [[id, facts.get(id)!] as const] : []))),
        random: seeded(seed),
      });
      const user = `viewer-${number++}`;
      const done = actions.filter(([, video]) => facts.has(`v${video}`));
      await given.viewers.add(
        done.map(([type, video], index) =>
          sample({
            ...{ type, user, video: `v${video}`, at: noon + index },
            ...(type === "impression" ? { source: "trending", position: 0, propensity: 1 } : {}),
          }),
        ),
      );
      const of = (...types: string[]) =>
        new Set(done.filter(([type]) => types.includes(type)).map(([, video]) => `v${video}`));
      const seen = of("impression", "like", "unlike", "not_interested", "report", "skip");
      const disliked = of("not_interested", "report");
      const blocked = new Set([...of("report")].map((id) => facts.get(id)!.author));
      const allowed = [...facts].flatMap(([id, { visible, author }]) =>
        visible && !disliked.has(id) && !blocked.has(author) ? [id] : [],
      );
      for (let page = 0; page < 4; page++) {
        const { items } = await ask(given, user, limit, noon + 1_000 + page);
        const left = allowed.filter((id) => !seen.has(id));
        if (left.length === 0) {
          assert.ok(items.every(({ video, source }) => allowed.includes(video) && source === "replay"));
          assert.equal(items.length, Math.min(limit, allowed.length));
        } else {
          assert.ok(items.length > 0, "an empty feed");
          assert.ok(items.every(({ video }) => left.includes(video)));
        }
        assert.equal(new Set(items.map(({ video }) => video)).size, items.length);
        assert.ok(items.every(({ propensity }) => propensity > 0 && propensity <= 1));
        for (const { video } of items) seen.add(video);
      }
    }),
    { numRuns: 100 },
  );
});

test("a viewer who is not in Redis is restored from the digest, whatever arrived since, without a scan of the lake", async () => {
  const { Lake } = await import("../../src/events/lake/lake.ts");
  const folder = await mkdtemp(join(tmpdir(), "kiln-feed-lake-"));
  {
    using opened = await Lake.open(folder);
    await opened.add([did("like", "ann", "a"), did("skip", "ann", "b", noon + 1), did("like", "bob", "c")]);
    await opened.add([did("unlike", "ann", "a", noon + 2), did("like", "ann", "d", noon + 3)]);
  }
  const viewers = new Viewers(redis, folder);
  await viewers.add([did("like", "ann", "e", noon + 4), did("like", "zoe", "z")]);
  // Only the digest is left to read.
  await rm(join(folder, "day=2025-11-21"), { recursive: true });
  const { chosen, seen } = await viewers.get("ann");
  assert.deepEqual(
    [chosen, [...seen]],
    [
      ["d", "e"],
      ["b", "a", "d", "e"],
    ],
  );
  assert.deepEqual((await viewers.get("zoe")).chosen, ["z"]);
  await redis.del(viewerKey("bob"));
  assert.deepEqual((await viewers.get("bob")).chosen, ["c"]);
  await rm(folder, { recursive: true });
});

test("adding the events of many viewers is one round trip", async () => {
  const viewers = new Viewers(redis, lake);
  const commands: string[] = [];
  const monitor = await redis.monitor();
  monitor.on("monitor", (_time: string, [name]: string[]) => commands.push(name!.toLowerCase()));
  const users = numbered("user", 50);
  await viewers.add(users.map((user) => did("like", user, "a")));
  await redis.set("kiln:done", 1);
  while (!commands.includes("set")) await new Promise(setImmediate);
  monitor.disconnect();
  assert.deepEqual(
    ["multi", "exec", "rpush", "lrange"].map((name) => commands.filter((command) => command === name).length),
    [1, 1, 50, 0],
  );
});
