import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { Redis } from "ioredis";
import { type RedisServer, startRedis } from "../../../src/cli/services/redis-server.ts";
import type { EngagementEvent } from "../../../src/events/event.ts";
import { EventStream, eventKeys } from "../../../src/events/event-stream.ts";
import { compact } from "../../../src/events/lake/compact.ts";
import { keepCompacting } from "../../../src/events/lake/keep-compacting.ts";
import { Lake, lakeDays, readLake } from "../../../src/events/lake/lake.ts";
import { forgetUser } from "../../../src/feed/state/forget-user.ts";
import { Viewers } from "../../../src/feed/state/viewers.ts";
import { day, everyType, noon, sample } from "../sample-events.ts";

let folder: string;
let server: RedisServer;
let redis: Redis;
let stream: EventStream;

before(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
  stream = new EventStream(redis);
});
beforeEach(async () => {
  await redis.flushall();
  folder = await mkdtemp(join(tmpdir(), "kiln-lake-"));
});
afterEach(() => rm(folder, { recursive: true }));
after(async () => {
  redis.disconnect();
  await server.stop();
});

async function inLake(): Promise<EngagementEvent[]> {
  const events: EngagementEvent[] = [];
  for await (const event of readLake(folder)) events.push(event);
  return events;
}

test("the stream takes an event once, however often and beside what it is delivered", async () => {
  assert.deepEqual(await stream.add(everyType), { added: 12, duplicates: 0 });
  assert.deepEqual(await stream.add([...everyType, sample({ user: "bob" })]), { added: 1, duplicates: 12 });
  assert.deepEqual(await stream.add([]), { added: 0, duplicates: 0 });
  assert.equal(await redis.xlen(eventKeys.stream), 13);
});

test("compaction moves every field of every type into the day's file and empties the stream", async () => {
  await stream.add(everyType);
  using lake = await Lake.open(folder);
  assert.deepEqual(await compact(stream, lake), { added: 12, duplicates: 0, forgotten: 0 });
  assert.deepEqual(await inLake(), everyType);
  assert.deepEqual(await readdir(join(folder, "day=2025-11-21")), ["events.parquet"]);
  assert.equal(await redis.xlen(eventKeys.stream), 0);
  assert.deepEqual(await compact(stream, lake), { added: 0, duplicates: 0, forgotten: 0 });
});

test("a late event joins its day, a redelivered one changes nothing, days are cut at midnight UTC", async () => {
  using lake = await Lake.open(folder);
  const midnight = Date.parse("2025-11-21T00:00:00Z");
  const onTime = [sample({ at: midnight }), sample({ at: noon + day })];
  const late = sample({ at: midnight - 1, user: "late" });
  await lake.add(onTime);
  assert.deepEqual(await lake.add([...onTime, late, late]), { added: 1, duplicates: 3, forgotten: 0 });
  assert.deepEqual(await lakeDays(folder), ["2025-11-20", "2025-11-21", "2025-11-22"]);
  assert.deepEqual(await lakeDays(folder, { from: "2025-11-21", to: "2025-11-21" }), ["2025-11-21"]);
  assert.deepEqual(await inLake(), [late, ...onTime]);
});

test("a crash between the lake and the stream counts nothing twice", async () => {
  using lake = await Lake.open(folder);
  await stream.add(everyType);
  await lake.add(everyType.slice(0, 5));
  assert.deepEqual(await compact(stream, lake), { added: 7, duplicates: 5, forgotten: 0 });
  assert.deepEqual(await inLake(), everyType);
});

test("events that break off leave the lake as it was", async () => {
  using lake = await Lake.open(folder);
  const broken = function* () {
    yield sample();
    throw new Error("no more");
  };
  await assert.rejects(lake.add(broken()), /no more/);
  assert.deepEqual(await lake.add([sample({ user: "bob" })]), { added: 1, duplicates: 0, forgotten: 0 });
  assert.equal((await inLake()).length, 1);
});

test("what a crash left behind is no part of the lake", async () => {
  await mkdir(join(folder, "day=2025-11-20"));
  await writeFile(join(folder, ".incoming.parquet"), "half a file");
  using lake = await Lake.open(folder);
  await lake.add([sample()]);
  assert.deepEqual(await lakeDays(folder), ["2025-11-21"]);
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith(".")),
    [],
  );
});

test("a deleted user is gone from the stream and the lake, and stays gone when old events come again", async () => {
  using lake = await Lake.open(folder);
  const quote = sample({ user: "o'hara", at: noon - day });
  const theirs = [quote, sample({ user: "o'hara" })];
  await lake.add([theirs[0]!, sample({ at: noon - 2 * day }), sample()]);
  await stream.add([theirs[1]!, sample({ user: "bob" })]);
  const viewers = new Viewers(redis, folder);
  assert.equal((await viewers.get("o'hara")).seen.size, 1);
  assert.equal(await forgetUser("o'hara", { lake, stream, viewers, now: noon + 1 }), 2);
  assert.equal((await viewers.get("o'hara")).seen.size, 0);
  assert.deepEqual(await lakeDays(folder), ["2025-11-19", "2025-11-21"]);
  assert.deepEqual(await lake.add(theirs), { added: 0, duplicates: 0, forgotten: 2 });
  await compact(stream, lake);
  assert.deepEqual((await inLake()).map(({ user }) => user).toSorted(), ["ann", "ann", "bob"]);
  const again = sample({ user: "o'hara", at: noon + 2 });
  assert.equal((await lake.add([again])).added, 1);
});

test("what is forgotten stays so when the lake is opened again", async () => {
  {
    using lake = await Lake.open(folder);
    await lake.forget("ann", noon);
  }
  using lake = await Lake.open(folder);
  assert.deepEqual(await lake.add([sample()]), { added: 0, duplicates: 0, forgotten: 1 });
});

test("one writer at a time, in this process and among processes; a dead one holds nothing", async () => {
  const program = `
    import { Lake } from ${JSON.stringify(new URL("../../../src/events/lake/lake.ts", import.meta.url).href)};
    await Lake.open(${JSON.stringify(folder)});
    console.log("open");
    setInterval(() => {}, 1000);`;
  const other = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { done } = await other.stdout[Symbol.asyncIterator]().next();
  assert.equal(done, false);
  await assert.rejects(Lake.open(folder), { code: "LAKE_IN_USE" });
  other.kill("SIGKILL");
  await once(other, "exit");
  using lake = await Lake.open(folder);
  await assert.rejects(Lake.open(folder), { code: "LAKE_IN_USE" });
  assert.equal((await lake.add([sample()])).added, 1);
});

test("an entry of the stream that is no event is named", async () => {
  const entry = await redis.xadd(eventKeys.stream, "*", "event", "{}");
  using lake = await Lake.open(folder);
  await assert.rejects(compact(stream, lake), { code: "EVENT_STREAM_INVALID", message: new RegExp(entry!) });
});

test("compaction in batches moves everything, and runs by itself until it is stopped, past another writer", async () => {
  const many = Array.from({ length: 25 }, (_, index) => sample({ at: noon + index }));
  await stream.add(many);
  {
    using lake = await Lake.open(folder);
    assert.deepEqual(await compact(stream, lake, { batch: 10 }), { added: 25, duplicates: 0, forgotten: 0 });
  }
  const stop = new AbortController();
  const moved: number[] = [];
  const failures: unknown[] = [];
  const writer = await Lake.open(folder);
  await stream.add([sample({ user: "bob" })]);
  let turns = 0;
  const watched = new Proxy(stream, {
    get(target, name) {
      if (name === "length" && ++turns === 3) writer[Symbol.dispose]();
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  await keepCompacting({
    ...{ stream: watched, lake: folder, everyMs: 1, signal: stop.signal },
    onCompacted(added) {
      moved.push(added);
      stop.abort();
    },
    onFailed: (error) => failures.push(error),
  });
  assert.deepEqual([moved, failures], [[1], []]);
  assert.equal((await inLake()).length, 26);
  assert.equal(await stream.length(), 0);
});
