import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Lake } from "../../src/events/lake/lake.ts";
import { collectDataset, historyOf } from "../../src/ml/dataset.ts";
import {
  type InteractionFormat,
  lakeInteractions,
  readInteractions,
} from "../../src/ml/datasets/interactions.ts";
import { casesOfDrawnUsers, drawUsers, leaveLastOut, timeSplit } from "../../src/ml/split.ts";
import { noon, sample } from "../events/sample-events.ts";
import { toy } from "./toy.ts";

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "kiln-dataset-"));
});
after(() => rm(folder, { recursive: true }));

test("a dataset is sorted by user and time, the first of a repeated choice counts", async () => {
  const dataset = await collectDataset([
    { user: "a", item: "x", at: 3 },
    { user: "b", item: "y", at: 1 },
    { user: "a", item: "z", at: 2 },
    { user: "a", item: "x", at: 1 },
  ]);
  assert.deepEqual(dataset, {
    users: ["a", "b"],
    items: ["x", "y", "z"],
    offsets: Uint32Array.of(0, 2, 3),
    sequence: Int32Array.of(0, 2, 1),
    times: Float64Array.of(1, 2, 1),
  });
});

test("one interaction without a time, and the order of the source is that of time", async () => {
  const dataset = await collectDataset([
    { user: "a", item: "x", at: 3 },
    { user: "a", item: "y" },
  ]);
  assert.deepEqual([...dataset.sequence], [0, 1]);
  assert.equal(dataset.times, undefined);
});

test("nothing to learn from is said", async () => {
  await assert.rejects(collectDataset([]), { code: "DATASET_EMPTY" });
  const small = await toy({ a: "x y", b: "x" });
  assert.throws(() => leaveLastOut(small, "test"), { code: "DATASET_TOO_SMALL" });
  const { times: _, ...timeless } = small;
  assert.throws(() => timeSplit(timeless, 0.9), { code: "SPLIT_NEEDS_TIMES" });
  const atOnce = { ...small, times: small.times!.map(() => 1) };
  assert.throws(() => timeSplit(atOnce, 0.9), { code: "DATASET_TOO_SMALL" });
});

test("leave-last-out: what is learned from, asked and known, for validation and test", async () => {
  const dataset = await toy({ a: "x y z w", b: "x y" });
  const parts = (split: ReturnType<typeof leaveLastOut>) => ({
    train: dataset.users.map((_, user) => [...historyOf(split.train, user)]),
    cases: split.cases.map(({ user, history, target }) => [user, [...history], target]),
  });
  const shared = [0, 1];
  assert.deepEqual(parts(leaveLastOut(dataset, "validation")), {
    train: [shared, shared],
    cases: [[0, [0, 1], 2]],
  });
  assert.deepEqual(parts(leaveLastOut(dataset, "test")), {
    train: [shared, shared],
    cases: [[0, [0, 1, 2], 3]],
  });
  assert.deepEqual(parts(leaveLastOut(dataset, "test", "train and validation")), {
    train: [[0, 1, 2], shared],
    cases: [[0, [0, 1, 2], 3]],
  });
});

test("time split: later choices are cases whose histories go on, up to so many a user", async () => {
  const dataset = await toy({ a: "x y z w v", b: "x y" });
  const { train, cases } = timeSplit(dataset, 0.6, { casesPerUser: 2 });
  assert.deepEqual([...train.sequence], [0, 1, 0, 1]);
  assert.deepEqual(
    cases.map(({ history, target }) => [[...history], target]),
    [
      [[0, 1], 2],
      [[0, 1, 2], 3],
    ],
  );
});

const files: [format: InteractionFormat, text: string, expected: unknown][] = [
  [
    "pairs",
    "1 10\n1 11\n\n2 10\n",
    [
      ["1", "10", undefined],
      ["1", "11", undefined],
      ["2", "10", undefined],
    ],
  ],
  ["inter", "user_id:token\titem_id:token\ttimestamp:float\n1\t10\t5\n", [["1", "10", 5000]]],
  ["inter", "item_id:token\tuser_id:token\n10\t1\n", [["1", "10", undefined]]],
];

for (const [index, [format, text, expected]] of files.entries())
  test(`file ${index} of interactions is read as ${format}`, async () => {
    const path = join(folder, `good-${index}`);
    await writeFile(path, text);
    const read = [];
    for await (const { user, item, at } of readInteractions(path, format)) read.push([user, item, at]);
    assert.deepEqual(read, expected);
  });

const wrongFiles: [format: InteractionFormat, text: string, message: RegExp][] = [
  ["pairs", "1 10\n1 11 12\n", /, line 2: expected `user item` \(read as pairs\)$/],
  ["inter", "user\titem\n", /, line 1: expected a head/],
  ["inter", "user_id:token\titem_id:token\n1\n", /, line 2: expected 2 fields, found 1/],
  [
    "inter",
    "user_id:token\titem_id:token\ttimestamp:float\n1\t2\tnow\n",
    /, line 2: timestamp: .* not "now"/,
  ],
];

for (const [index, [format, text, message]] of wrongFiles.entries())
  test(`wrong file ${index} of interactions names its line`, async () => {
    const path = join(folder, `wrong-${index}`);
    await writeFile(path, text);
    await assert.rejects(collectDataset(readInteractions(path, format)), {
      code: "INTERACTIONS_INVALID",
      message,
    });
  });

test("the lake: half-watched or liked is chosen, skipped is not", async () => {
  const path = join(folder, "lake");
  const watch = (video: string, watchedMs: number) =>
    sample({ type: "watch", video, at: noon + watchedMs, watchedMs, totalMs: 1000 });
  {
    using lake = await Lake.open(path);
    await lake.add([
      watch("v1", 500),
      watch("v2", 499),
      sample({ video: "v3" }),
      sample({ type: "skip", video: "v4" }),
    ]);
  }
  const { items } = await collectDataset(lakeInteractions(path));
  assert.deepEqual(items, ["v3", "v1"]);
  await assert.rejects(collectDataset(lakeInteractions(join(folder, "none"))), { code: "DATASET_EMPTY" });
});

test("the lake: a choice that was retracted does not count, one made afterwards does", async () => {
  const path = join(folder, "retracting-lake");
  const did = (type: string, video: string, minute: number) =>
    sample({ type, video, at: noon + minute * 60_000 });
  {
    using lake = await Lake.open(path);
    await lake.add([
      ...["v1", "v2", "v3", "v4"].map((video, minute) => did("like", video, minute)),
      ...["unlike", "not_interested", "report"].map((type, at) => did(type, `v${at + 1}`, 10 + at)),
      did("like", "v1", 20),
      did("unlike", "v5", 21),
    ]);
  }
  const { items, sequence } = await collectDataset(lakeInteractions(path));
  assert.deepEqual(
    Array.from(sequence, (item) => items[item]),
    ["v4", "v1"],
  );
});

const head = "user_id:token\titem_id:token\ttimestamp:float";
const inter = (...lines: string[]) => [head, ...lines, ""].join("\n");
const refusedInteractions: [string, string | Buffer, RegExp][] = [
  ["an empty user", inter("u0\ti0\t1600000000", "\ti1\t1600000100"), /line 3: user_id: is empty/],
  ["an empty item", inter("u0\t\t1600000000"), /line 2: item_id: is empty/],
  ["an empty time", inter("u0\ti0\t"), /line 2: timestamp: expected a number, not ""/],
  ["milliseconds", inter("u0\ti0\t1600000000000"), /line 2: timestamp: .*looks like milliseconds/],
  ["a user that ends in a blank", inter("u0 \ti0\t1600000000"), /line 2: user_id: begins or ends/],
  ["two columns of users", `user_id\t${inter("u0\tu1\ti0\t1")}`, /line 1: two columns are called user_id/],
  [
    "bytes that are not UTF-8",
    Buffer.concat([Buffer.from(inter("u0\ti0\t1")), Buffer.of(0xff), Buffer.from("\ti1\t2\n")]),
    /line 3: is not UTF-8/,
  ],
];
for (const [what, content, message] of refusedInteractions)
  test(`interactions with ${what} are refused with the line`, async () => {
    const path = join(folder, "refused.inter");
    await writeFile(path, content);
    await assert.rejects(collectDataset(readInteractions(path, "inter")), {
      code: "INTERACTIONS_INVALID",
      message,
    });
  });

test("interactions: a byte order mark is left out, another encoding is named, unused ratings give a notice", async () => {
  const path = join(folder, "marked.inter");
  const notices: string[] = [];
  await writeFile(path, `\uFEFF${head}\trating:float\nu0\ti0\t1600000000\t5\n`);
  const { users } = await collectDataset(readInteractions(path, "inter", (message) => notices.push(message)));
  assert.deepEqual(users, ["u0"]);
  assert.match(notices.join(), /^ratings are not used/);
  await writeFile(path, Buffer.from(`\uFEFF${inter("u0\ti0\t1")}`, "utf16le"));
  await assert.rejects(collectDataset(readInteractions(path, "inter")), {
    code: "FILE_NOT_UTF8",
    message: /UTF-16: save it as UTF-8/,
  });
});

test("users for a part of the validation are drawn evenly, whatever their order, and the same ones every time", () => {
  const names = Array.from({ length: 4_000 }, (_, index) => `user${index}`);
  const drawn = drawUsers(new Set(names), 400);
  assert.equal(drawn.size, 400);
  assert.deepEqual([...drawUsers(new Set(names.toReversed()), 400)].toSorted(), [...drawn].toSorted());
  const quarters = [0, 1, 2, 3].map(
    (quarter) => names.slice(1_000 * quarter, 1_000 * (quarter + 1)).filter((name) => drawn.has(name)).length,
  );
  assert.ok(
    quarters.every((count) => count > 70 && count < 130),
    String(quarters),
  );
});

test("validation cases come from drawn users, not from the first ones", () => {
  const users = Array.from({ length: 100 }, (_, index) => `u${index}`);
  const train = { users, items: ["i"], offsets: new Uint32Array(101), sequence: new Int32Array(0) };
  const cases = users.map((_, user) => ({ user, history: new Int32Array(0), target: 0 }));
  const drawn = casesOfDrawnUsers({ train, cases }, 10).map(({ user }) => user);
  assert.equal(drawn.length, 10);
  assert.ok(Math.max(...drawn) > 50, String(drawn));
});
