import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type RedisServer, startRedis } from "../../../src/cli/services/redis-server.ts";
import { csvRecords } from "../../../src/events/files/csv-records.ts";
import { parseFieldMap } from "../../../src/events/files/event-file.ts";
import { exportEvents } from "../../../src/events/files/export-events.ts";
import { importEvents, validateEvents } from "../../../src/events/files/import-events.ts";
import { Lake, lakeDays, readLake } from "../../../src/events/lake/lake.ts";
import { day, everyType, noon, sample } from "../sample-events.ts";

const main = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
const later = noon + 10 * day;

let folder: string;
let server: RedisServer;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "kiln-event-files-"));
  server = await startRedis();
});
after(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

const file = (name: string) => join(folder, name);

async function written(name: string, text: string): Promise<string> {
  await writeFile(file(name), text);
  return file(name);
}

for (const ending of ["csv", "jsonl", "parquet"])
  test(`what is exported as .${ending} is imported as it was, once`, async () => {
    const odd = sample({ user: 'with "quotes", a comma', at: noon + 100, session: "é" });
    const events = [...everyType, odd];
    using lake = await Lake.open(file(`from-${ending}`));
    await lake.add(events);
    const path = file(`events.${ending}`);
    assert.equal(await exportEvents(file(`from-${ending}`), path), 13);
    using copy = await Lake.open(file(`to-${ending}`));
    assert.deepEqual(await importEvents(path, copy, later), {
      ...{ added: 13, duplicates: 0, forgotten: 0, skipped: 0, problems: [] },
    });
    assert.deepEqual(await importEvents(path, copy, later), {
      ...{ added: 0, duplicates: 13, forgotten: 0, skipped: 0, problems: [] },
    });
    const read = [];
    for await (const event of readLake(file(`to-${ending}`))) read.push(event);
    assert.deepEqual(read, events);
  });

test("an export can be one user's, or of some days, and says when there is nothing", async () => {
  using lake = await Lake.open(file("selected"));
  await lake.add([sample(), sample({ user: "bob" }), sample({ at: noon + day })]);
  assert.equal(await exportEvents(file("selected"), file("ann.jsonl"), { user: "ann" }), 2);
  assert.equal(await exportEvents(file("selected"), file("day.csv"), { to: "2025-11-21" }), 2);
  await assert.rejects(exportEvents(file("selected"), file("none.csv"), { from: "2027-01-01" }), {
    code: "LAKE_EMPTY",
  });
  await assert.rejects(exportEvents(file("selected"), file("none/none.csv")), { code: "FOLDER_NOT_FOUND" });
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith(".")),
    [],
  );
});

const wrongFiles: [name: string, text: string, problems: string[]][] = [
  [
    "wrong.csv",
    `type,at,user,video,watchedMs,totalMs\nwatch,${noon},ann,v1,abc,9000\nlike,${noon},,v1,,\r\nlike,${noon}\n`,
    [
      'line 2: watchedMs: expected a whole number of milliseconds; not "abc"',
      "line 3: user: expected a text; it is missing",
      "line 4: expected 6 fields, found 2",
    ],
  ],
  [
    "quoted.csv",
    `type,at,user,video\nlike,${noon},"two\nlines",v1\nlike,${noon},ann,v1\n`,
    ['line 2: user: expected 1 to 128 characters, no control characters; not "two\\nlines"'],
  ],
  [
    "wrong.jsonl",
    `\n{"type":"like","at":${noon},"user":"ann","video":"v1","mood":1}\n{oops\n[1]\n`,
    [
      "line 2: mood: is not a field of this type of event",
      "line 3: Expected property name or '}' in JSON at position 1 (line 1 column 2)",
      "line 4: expected an object",
    ],
  ],
];

for (const [name, text, problems] of wrongFiles)
  test(`${name}: each problem names its line and its field, and nothing is imported`, async () => {
    const path = await written(name, text);
    assert.deepEqual((await validateEvents(path, later)).problems, problems);
    using lake = await Lake.open(file(`lake-of-${name}`));
    await assert.rejects(importEvents(path, lake, later), { code: "EVENTS_INVALID", message: /line 2: / });
    assert.deepEqual(await lakeDays(file(`lake-of-${name}`)), []);
  });

test("files that are no event files at all", async () => {
  const cases: [name: string, text: string, code: string, message: RegExp][] = [
    ["head.csv", "typ,user\n", "EVENT_FILE_INVALID", /line 1: no event has a field "typ"/],
    ["text.parquet", "text", "EVENT_FILE_INVALID", /not a readable Parquet file/],
    ["events.xml", "<events/>", "EVENT_FORMAT_UNKNOWN", /\.csv, \.jsonl, \.ndjson, \.parquet/],
  ];
  for (const [name, text, code, message] of cases)
    await assert.rejects(validateEvents(await written(name, text), later), { code, message });
  await assert.rejects(validateEvents(file("nothing.csv"), later), { code: "FILE_NOT_FOUND" });
});

test("CSV: quotes, doubled quotes, line ends inside, Windows line ends, no line end at the end", async () => {
  const records = [];
  for await (const record of csvRecords(['a,"b""', 'c"\r\n', '"d\ne",\n', "f"])) records.push(record);
  assert.deepEqual(records, [
    { line: 1, lastLine: 1, fields: ["a", 'b"c'] },
    { line: 2, lastLine: 3, fields: ["d\ne", ""] },
    { line: 4, lastLine: 4, fields: ["f"] },
  ]);
});

function kiln(...args: string[]) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const env = { PATH: process.env.PATH, KILN_HOME: folder, KILN_REDIS_URL: server.url };
    const child = execFile(
      process.execPath,
      [main, "events", ...args],
      { cwd: folder, env },
      (_, stdout, stderr) => resolve({ code: child.exitCode!, stdout, stderr }),
    );
  });
}

test("kiln events: validate, import, compact, export, forget", async () => {
  const lines = everyType.map((event) => JSON.stringify(event)).join("\n");
  await written("command.jsonl", lines);
  const wrong = await kiln("validate", await written("bad.jsonl", '{"type":"like"}'), "--json");
  assert.equal(wrong.code, 1);
  assert.equal(JSON.parse(wrong.stdout).invalid, 1);
  assert.deepEqual(JSON.parse((await kiln("import", "command.jsonl", "--json")).stdout), {
    added: 12,
    duplicates: 0,
    forgotten: 0,
    skipped: 0,
    problems: [],
  });
  assert.match((await kiln("compact")).stdout, /^0 events added/);
  assert.equal((await kiln("export", "out.jsonl", "--from", "2025-11-21")).stdout, "12 events: out.jsonl\n");
  assert.equal((await readFile(file("out.jsonl"), "utf8")).trim().split("\n").length, 12);
  assert.equal((await kiln("forget", "ann")).stdout, "12 events deleted\n");
  assert.match((await kiln("export", "out.csv")).stderr, /^LAKE_EMPTY: /);
  assert.equal((await kiln("export", "out.csv", "--from", "yesterday")).code, 2);
});

test("kiln events simulate fills a lake, and the same numbers add nothing twice", async () => {
  const small = [
    "simulate",
    "--viewers",
    "20",
    "--videos",
    "30",
    "--days",
    "2",
    "--lake",
    "simulated",
    "--json",
  ];
  const { added } = JSON.parse((await kiln(...small)).stdout);
  assert.ok(added > 100, `${added} events`);
  assert.deepEqual(JSON.parse((await kiln(...small)).stdout), { added: 0, duplicates: added, forgotten: 0 });
  assert.equal((await kiln("simulate", "--days", "0")).code, 2);
});

test("imports: what was wrong with real files is refused with its line and field; the rest is kept on request", async () => {
  const head = "type,at,user,video\n";
  const cases: [string, string | Buffer, string[], number][] = [
    [
      "micros.csv",
      `${head}like,1732000000000000,u1,v1\nlike,1732000000000,u1,v1\n`,
      ["line 2: at: looks like microseconds since 1970: expected milliseconds; not 1732000000000000"],
      1,
    ],
    [
      "seconds.csv",
      `${head}like,1732000000,u1,v1\n`,
      ["line 2: at: looks like seconds since 1970: expected milliseconds; not 1732000000"],
      0,
    ],
    [
      "space.csv",
      `${head}like,1732000000000, ,v1\nlike,1732000000000,u1 ,v1\n`,
      ["line 2: user: begins or ends with a blank", "line 3: user: begins or ends with a blank"],
      0,
    ],
    [
      "bad.csv",
      Buffer.concat([
        Buffer.from(`${head}like,1732000000000,u`),
        Buffer.of(0xff, 0x81),
        Buffer.from(",v1\nlike,1732000000000,u2,v1\n"),
      ]),
      ["line 2: is not UTF-8"],
      1,
    ],
    ["bom.csv", `\uFEFF${head}like,1732000000000,u1,v1\n`, [], 1],
    ["bom.jsonl", '\uFEFF{"type":"like","at":1732000000000,"user":"u1","video":"v1"}\n', [], 1],
  ];
  for (const [name, content, problems, added] of cases) {
    await writeFile(file(name), content);
    using lake = await Lake.open(file(`lake-of-${name}`));
    if (problems.length > 0)
      await assert.rejects(importEvents(file(name), lake, later), { code: "EVENTS_INVALID" });
    const imported = await importEvents(file(name), lake, later, { skipInvalid: true });
    assert.deepEqual(
      [imported.problems, imported.skipped, imported.added],
      [problems, problems.length, added],
    );
  }
  using lake = await Lake.open(file("lake-of-refused"));
  const refused: [string, string | Buffer, string, RegExp][] = [
    [
      "utf16.csv",
      Buffer.from(`\uFEFF${head}like,1732000000000,u1,v1\n`, "utf16le"),
      "FILE_NOT_UTF8",
      /UTF-16/,
    ],
    [
      "twice.csv",
      "type,at,user,user,video\nlike,1732000000000,u1,u2,v1\n",
      "EVENT_FILE_INVALID",
      /two columns hold the field user/,
    ],
  ];
  for (const [name, content, code, message] of refused) {
    await writeFile(file(name), content);
    await assert.rejects(importEvents(file(name), lake, later, { skipInvalid: true }), { code, message });
  }
});

test("imports: columns of other names are mapped, the others are ignored", async () => {
  const map = parseFieldMap("user=uid,video=item,at=ts,type=kind");
  const csv = await written(
    "mapped.csv",
    "uid,item,ts,kind,rating,user\nu1,v1,1732000000000,like,5,someone\n",
  );
  const json = await written(
    "mapped.jsonl",
    JSON.stringify({ uid: "u2", item: "v2", ts: 1732000000000, kind: "like", rating: 5 }),
  );
  {
    using lake = await Lake.open(file("mapped"));
    for (const path of [csv, json]) assert.equal((await importEvents(path, lake, later, { map })).added, 1);
    await assert.rejects(importEvents(csv, lake, later, { map: { user: "nobody" } }), {
      message: /there is no column "nobody"/,
    });
    await assert.rejects(importEvents(csv, lake, later), { message: /named with --map/ });
  }
  const read = [];
  for await (const { user, video } of readLake(file("mapped"))) read.push([user, video]);
  assert.deepEqual(read.toSorted(), [
    ["u1", "v1"],
    ["u2", "v2"],
  ]);
  for (const text of ["user", "user=", "mood=x", "user=a=b"])
    assert.throws(() => parseFieldMap(text), { code: "EVENT_FILE_INVALID" });
});
