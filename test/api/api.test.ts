import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { FastifyInstance } from "fastify";
import type { Redis } from "ioredis";
import { createApi } from "../../src/api/api.ts";
import { openLog } from "../../src/base/log.ts";
import { type RedisServer, startRedis } from "../../src/cli/services/redis-server.ts";
import { compact } from "../../src/events/lake/compact.ts";
import { Lake } from "../../src/events/lake/lake.ts";
import type { FeedDependencies } from "../../src/feed/feed.ts";
import { ActiveModel } from "../../src/feed/sources/active-model.ts";
import { loadServedModel } from "../../src/feed/sources/served-model.ts";
import { trendingVideos } from "../../src/feed/sources/trending.ts";
import { activate } from "../../src/ml/registry/activation.ts";
import { type Registry, versionFolder } from "../../src/ml/registry/registry.ts";
import { sample } from "../events/sample-events.ts";
import { feedDependencies } from "../feed/feed-dependencies.ts";
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
  dependencies = feedDependencies(redis, lake, {
    ...{ model: () => model.lease(), trending: () => trending, fresh: () => fresh, freshShare: 0.25 },
  });
  app = await createApi({ dependencies, log: openLog("silent") });
});
after(async () => {
  await app.close();
  redis.disconnect();
  await server.stop();
  await rm(folder, { recursive: true });
});

const local = { host: "127.0.0.1:8080" };
type Answer = { modelVersion: string | null; feed: string; items: Record<string, unknown>[] };
async function feedFor(user: string, limit = 9, api = app): Promise<Answer> {
  const payload = { user, limit };
  const response = await api.inject({ method: "POST", url: "/v1/feed", headers: local, payload });
  assert.equal(response.statusCode, 200, response.body);
  return response.json();
}
/** Without what differs at every call. */
const plain = (items: Record<string, unknown>[]) => items.map(({ impression: _, ...item }) => item);
const videosOf = ({ items }: { items: Record<string, unknown>[] }) => items.map(({ video }) => video);

const trained = () => markovVersion(registry, join(folder, "lake"));
const promote = (version: string) =>
  activate(registry, version, { by: "promote", objections: [], now: Date.now() });

test("feed: with no model what is trending, without what the viewer has seen; at the end it begins again", async () => {
  await model.refresh();
  const [a, b, ...rest] = dependencies.trending();
  const first = await feedFor("new", 2);
  assert.equal(first.modelVersion, null);
  assert.deepEqual(plain(first.items), [
    { video: a, position: 0, source: "trending", propensity: 1 },
    { video: b, position: 1, source: "trending", propensity: 1 },
  ]);
  assert.deepEqual(videosOf(await feedFor("new")), rest);
  const again = await feedFor("new", 2);
  assert.deepEqual(
    again.items.map(({ video, source }) => [video, source]),
    [
      [a, "replay"],
      [b, "replay"],
    ],
  );
  assert.deepEqual(videosOf(await feedFor("u1")), ["e"]);
});

test("feed: GET and HEAD are previews without effects", async () => {
  const before = await redis.xlen("kiln:events");
  const url = "/v1/feed?user=previewed&limit=2&explain=true";
  for (const method of ["GET", "HEAD", "GET"] as const) {
    const response = await app.inject({ method, url, headers: local });
    assert.equal(response.statusCode, 200, response.body);
    if (method === "HEAD") continue;
    const { items, stages } = response.json();
    assert.deepEqual(
      items.map(({ video }: { video: string }) => video),
      dependencies.trending().slice(0, 2),
    );
    assert.equal(items[0].impression, undefined);
    assert.equal(stages.at(-1).stage, "selection");
  }
  assert.equal(await redis.xlen("kiln:events"), before);
  assert.equal(await redis.lrange("kiln:viewer:previewed", 0, -1).then((entries) => entries.length), 1);
});

test("feed: what may not be seen is in none, be it a candidate or fresh", async () => {
  const hidden = new Set(["e", "hidden-fresh"]);
  fresh = ["hidden-fresh", "open-fresh"];
  const guarded = await createApi({
    dependencies: {
      ...dependencies,
      visibility: async (videos) => new Map(videos.map((video) => [video, { visible: !hidden.has(video) }])),
    },
    log: openLog("silent"),
  });
  const shown: string[] = [];
  for (let page = 0; page < 2; page++)
    shown.push(...videosOf(await feedFor("guarded", 4, guarded)).map(String));
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
  assert.deepEqual(plain(answer.items)[0], {
    video: "b",
    position: 0,
    source: "sequence",
    modelVersion: version,
    propensity: 1,
  });
  assert.deepEqual(videosOf(await feedFor("nobody", 9)).toSorted(), model.current!.global.toSorted());

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
  assert.equal(new Set(answer.items.map(({ impression }) => impression)).size, answer.items.length);
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

test("feed: every fourth place is for new videos, also over several feeds", async () => {
  fresh = ["new-1", "new-2", "new-3"];
  const first = await feedFor("curious", 5);
  assert.deepEqual(
    first.items.map(({ source }) => source === "fresh"),
    [false, false, false, true, false],
  );
  assert.equal(first.items[3]!.propensity, 1 / 3);
  // The eighth place is the next one; when nothing else is left, new videos follow.
  const second = await feedFor("curious", 5);
  assert.deepEqual(
    second.items.map(({ source }) => source === "fresh"),
    [false, true, true],
  );
  fresh = [];
});

test("events: each is judged alone, with bounds on its time; impressions are the server's own", async () => {
  const now = Date.now();
  const like = { type: "like", user: "judged", video: "a" };
  const impression = { ...like, type: "impression", source: "x", position: 0, propensity: 1e-9 };
  const response = await app.inject({
    method: "POST",
    url: "/v1/events",
    headers: local,
    payload: {
      events: [
        { ...like, at: now * 1000 },
        { ...like, at: Math.floor(now / 1000) },
        { ...like, at: now - 8 * 86_400_000 },
        { ...like, at: now + 3_600_000 },
        { ...like, at: Date.UTC(2001, 5) },
        { ...impression, at: now },
        { ...like, at: now - 6 * 86_400_000 },
      ],
    },
  });
  assert.equal(response.statusCode, 200, response.body);
  const { added, rejected } = response.json<{
    added: number;
    rejected: { index: number; problems: { field: string; message: string }[] }[];
  }>();
  assert.equal(added, 1);
  assert.deepEqual(
    rejected.map(({ index, problems: [problem] }) => [
      index,
      problem!.field,
      problem!.message.split(/[:;]/)[0],
    ]),
    [
      [0, "at", "looks like microseconds since 1970"],
      [1, "at", "looks like seconds since 1970"],
      [2, "at", "lies more than 7 days back"],
      [3, "at", "lies in the future"],
      [4, "at", "lies more than 7 days back"],
      [5, "type", "impressions are logged by POST /v1/feed"],
    ],
  );
});

test("what is wrong with a request is named", async () => {
  const cases: [string, object | undefined, number, string, RegExp][] = [
    ["/v1/feed", undefined, 400, "REQUEST_INVALID", /user/],
    ["/v1/feed?user=a&limit=51", undefined, 400, "REQUEST_INVALID", /limit: .*50/],
    ["/v1/feed", { user: "a", limit: 51 }, 400, "REQUEST_INVALID", /limit: .*50/],
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

test("openapi: events, feed and preview are described", async () => {
  const { paths } = (await app.inject({ url: "/openapi.json", headers: local })).json();
  assert.deepEqual(Object.keys(paths), ["/readyz", "/v1/feed", "/v1/events"]);
  assert.deepEqual(
    paths["/v1/feed"].get.parameters.map(({ name, required }: { name: string; required: boolean }) => [
      name,
      required,
    ]),
    [
      ["user", true],
      ["limit", false],
      ["explain", false],
    ],
  );
  assert.deepEqual(Object.keys(paths["/v1/feed"]).toSorted(), ["get", "post"]);
});
