import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { FastifyInstance } from "fastify";
import type { Redis } from "ioredis";
import { createApi } from "../../src/api/api.ts";
import { openLog } from "../../src/base/log.ts";
import { seeded } from "../../src/base/random.ts";
import { type RedisServer, startRedis } from "../../src/cli/services/redis-server.ts";
import { EventStream } from "../../src/events/event-stream.ts";
import { compact } from "../../src/events/lake/compact.ts";
import { Lake } from "../../src/events/lake/lake.ts";
import type { FeedDependencies } from "../../src/feed/feed.ts";
import { allVisible } from "../../src/feed/filters/visibility.ts";
import { ActiveModel } from "../../src/feed/sources/active-model.ts";
import { loadServedModel } from "../../src/feed/sources/served-model.ts";
import { trendingVideos } from "../../src/feed/sources/trending.ts";
import { Viewers } from "../../src/feed/state/viewers.ts";
import { activate } from "../../src/ml/registry/activation.ts";
import { type Registry, versionFolder } from "../../src/ml/registry/registry.ts";
import { sample } from "../events/sample-events.ts";
import { markovVersion } from "../feed/markov-version.ts";

let folder: string;
let server: RedisServer;
let redis: Redis;
let dependencies: FeedDependencies;
let fresh: string[] = [];
let app: FastifyInstance;
let registry: Registry;
let model: ActiveModel;
const failures: unknown[] = [];
const noon = Date.UTC(2025, 10, 21, 12);

before(async () => {
  const { connectRedis } = await import("../../src/queues/connection.ts");
  folder = await mkdtemp(join(tmpdir(), "kiln-api-"));
  server = await startRedis();
  redis = await connectRedis(server.url);
  registry = { folder: join(folder, "models") };
  const lake = join(folder, "lake");
  // Six viewers go from a to b to c; d is what is new, e what most have seen lately.
  const watch = (user: string, video: string, minute: number) =>
    sample({ type: "watch", user, video, at: noon + minute * 60_000, watchedMs: 9_000, totalMs: 10_000 });
  {
    using opened = await Lake.open(lake);
    const users = ["u1", "u2", "u3", "u4", "u5", "u6"];
    await opened.add(
      users
        .flatMap((user) => ["a", "b", "c"].map((video, at) => watch(user, video, at)))
        .concat([...users.slice(1).map((user) => watch(user, "e", 9)), watch("u1", "d", 10)]),
    );
  }
  model = new ActiveModel(registry, {
    load: (version) => loadServedModel(registry, version),
    onLoaded: () => {},
    onFailed: (error) => failures.push(error),
  });
  const trending = await trendingVideos(lake);
  dependencies = {
    viewers: new Viewers(redis, lake),
    stream: new EventStream(redis),
    model: () => model.current,
    trending: () => trending,
    fresh: () => fresh,
    freshShare: 0.25,
    visibility: allVisible,
    exploration: 0,
    random: seeded(1),
  };
  app = await createApi({ dependencies, log: openLog("silent") });
});
after(async () => {
  await app.close();
  redis.disconnect();
  await server.stop();
  await rm(folder, { recursive: true });
});

const local = { host: "127.0.0.1:8080" };
async function feedFor(user: string, limit = 9) {
  const response = await app.inject({ url: `/v1/feed?user=${user}&limit=${limit}`, headers: local });
  assert.equal(response.statusCode, 200, response.body);
  return response.json() as { modelVersion: string | null; items: Record<string, unknown>[] };
}
const videosOf = ({ items }: { items: Record<string, unknown>[] }) => items.map(({ video }) => video);

const trained = () => markovVersion(registry, join(folder, "lake"));
const promote = (version: string) =>
  activate(registry, version, { by: "promote", objections: [], now: Date.now() });

test("feed: with no model what is trending, without what the viewer has seen; nothing comes twice", async () => {
  await model.refresh();
  const first = await feedFor("new", 2);
  assert.deepEqual(first, {
    modelVersion: null,
    items: [
      { video: "a", position: 0, source: "trending", propensity: 1 },
      { video: "b", position: 1, source: "trending", propensity: 1 },
    ].map((item, at) => ({ ...item, video: dependencies.trending()[at] })),
  });
  assert.deepEqual(videosOf(await feedFor("new")), dependencies.trending().slice(2));
  assert.deepEqual((await feedFor("new")).items, []);
  assert.deepEqual(videosOf(await feedFor("u1")), ["e"]);
});

test("feed: what may not be seen is in none, be it a candidate or fresh", async () => {
  const hidden = new Set(["e", "hidden-fresh"]);
  fresh = ["hidden-fresh", "open-fresh"];
  const guarded = await createApi({
    dependencies: {
      ...dependencies,
      visibility: async (videos) => new Set(videos.filter((video) => !hidden.has(video))),
    },
    log: openLog("silent"),
  });
  const shown: string[] = [];
  for (let page = 0; page < 3; page++) {
    const response = await guarded.inject({ url: "/v1/feed?user=guarded&limit=4", headers: local });
    assert.equal(response.statusCode, 200, response.body);
    shown.push(...response.json<{ items: { video: string }[] }>().items.map(({ video }) => video));
  }
  await guarded.close();
  fresh = [];
  assert.ok(dependencies.trending().includes("e"));
  const visible = dependencies.trending().filter((video) => !hidden.has(video));
  assert.deepEqual(shown.toSorted(), [...visible, "open-fresh"].toSorted());
});

test("feed: a promoted version serves without a restart, what was just watched counts, impressions are kept", async () => {
  const version = await trained();
  await promote(version);
  await model.refresh();
  const watched = {
    type: "watch",
    user: "zoe",
    video: "a",
    watchedMs: 9_000,
    totalMs: 10_000,
    at: Date.now(),
  };
  const posted = await app.inject({
    method: "POST",
    url: "/v1/events",
    headers: local,
    payload: { events: [watched, watched, { ...watched, watchedMs: -1 }] },
  });
  assert.deepEqual(
    [posted.statusCode, posted.json()],
    [
      200,
      {
        added: 1,
        duplicates: 1,
        rejected: [
          {
            index: 2,
            problems: [
              {
                field: "watchedMs",
                message: "expected a number of milliseconds, not a negative one; not -1",
              },
            ],
          },
        ],
      },
    ],
  );
  const answer = await feedFor("zoe", 3);
  assert.equal(answer.modelVersion, version);
  assert.deepEqual(answer.items[0], {
    video: "b",
    position: 0,
    source: "sequence",
    modelVersion: version,
    propensity: 1,
  });
  assert.deepEqual(videosOf(await feedFor("nobody", 9)), model.current!.global);

  const kept = [];
  for await (const { event } of dependencies.stream.entries())
    if (event.user === "zoe")
      kept.push([event.type, event.video, "position" in event ? event.position : null]);
  assert.deepEqual(kept, [
    ["watch", "a", null],
    ...answer.items.map(({ video }, at) => ["impression", video, at]),
  ]);
  using lake = await Lake.open(join(folder, "lake"));
  await compact(dependencies.stream, lake);
  await redis.del("kiln:viewer:zoe");
  const again = await dependencies.viewers.get("zoe");
  assert.deepEqual([again.chosen, again.seen.size], [["a"], 1 + answer.items.length]);
});

test("feed: a version that is damaged after it was promoted does not serve; the one before goes on", async () => {
  const good = model.current!.version;
  const bad = await trained();
  await promote(bad);
  await writeFile(join(versionFolder(registry, bad), "weights.safetensors"), "damaged");
  await model.refresh();
  assert.equal((failures.pop() as { code: string }).code, "VERSION_DAMAGED");
  assert.equal((await feedFor("someone")).modelVersion, good);
  await promote(good);
  await model.refresh();
  assert.equal(model.current!.version, good);
});

test("feed: every fourth place is for what nobody has chosen, newest first, also over several feeds", async () => {
  fresh = ["new-1", "a", "new-2", "new-3", "new-4"];
  const first = await feedFor("curious", 5);
  const [a, b, c, d] = model.current!.global;
  assert.deepEqual(videosOf(first), [a, b, c, "new-1", d]);
  assert.deepEqual(first.items[3], { video: "new-1", position: 3, source: "fresh", propensity: 1 });
  // The eighth place is the next one; when nothing else is left, fresh videos follow.
  const e = model.current!.global[4]!;
  assert.deepEqual(videosOf(await feedFor("curious", 5)), [e, "new-2", "new-3", "new-4"]);
  fresh = [];
});

test("what is wrong with a request is named", async () => {
  const cases: [string, object | undefined, number, string, RegExp][] = [
    ["/v1/feed", undefined, 400, "REQUEST_INVALID", /user/],
    ["/v1/feed?user=a&limit=51", undefined, 400, "REQUEST_INVALID", /limit: .*50/],
    ["/v1/events", { events: [] }, 400, "REQUEST_INVALID", /events/],
    ["/v1/nothing", undefined, 404, "NOT_FOUND", /no GET \/v1\/nothing: GET \/openapi\.json/],
  ];
  for (const [url, payload, status, code, message] of cases) {
    const request = payload === undefined ? { url } : ({ method: "POST", url, payload } as const);
    const response = await app.inject({ ...request, headers: local });
    const body = response.json();
    assert.deepEqual([response.statusCode, body.code], [status, code], response.body);
    assert.match(body.message, message);
  }
  const none = await app.inject({
    method: "POST",
    url: "/v1/events",
    headers: local,
    payload: { events: [{ type: "dance" }] },
  });
  assert.deepEqual([none.statusCode, none.json().added, none.json().rejected[0].index], [400, 0, 0]);
});

test("access: without a token only by this machine's name; with one only with it", async () => {
  const answer = async (api: FastifyInstance, headers: Record<string, string>) => {
    const response = await api.inject({ url: "/openapi.json", headers });
    return [response.statusCode, response.json().code];
  };
  assert.deepEqual(await answer(app, { host: "localhost:8080" }), [200, undefined]);
  assert.deepEqual(await answer(app, { host: "evil.example:8080" }), [403, "TOKEN_NEEDED"]);
  const guarded = await createApi({
    dependencies,
    log: openLog("silent"),
    token: "a-token-of-24-characters",
  });
  assert.deepEqual(await answer(guarded, { host: "localhost" }), [401, "TOKEN_INVALID"]);
  const wrong = { host: "api.example", authorization: "Bearer wrong" };
  assert.deepEqual(await answer(guarded, wrong), [401, "TOKEN_INVALID"]);
  const right = { host: "api.example", authorization: "Bearer a-token-of-24-characters" };
  assert.deepEqual(await answer(guarded, right), [200, undefined]);
  await guarded.close();
});

test("openapi: both ways in and out are described", async () => {
  const { paths } = (await app.inject({ url: "/openapi.json", headers: local })).json();
  assert.deepEqual(Object.keys(paths), ["/v1/feed", "/v1/events"]);
  assert.deepEqual(
    paths["/v1/feed"].get.parameters.map(({ name, required }: { name: string; required: boolean }) => [
      name,
      required,
    ]),
    [
      ["user", true],
      ["limit", false],
    ],
  );
});
