import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { generateClips } from "../../src/cli/demo/demo-clips.ts";
import { processesWith } from "./processes.ts";
import { runDemo } from "./run-demo.ts";

let folder: string;
let clips: string[];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "kiln-demo-test-"));
  clips = await generateClips(folder);
});
after(() => rm(folder, { recursive: true, force: true }));

test("demo --once: good files are published and come back as sent, refused ones are rows", async () => {
  const [good, ...others] = clips.toReversed() as [string, ...string[]];
  const text = join(folder, "text.mp4");
  const empty = join(folder, "empty.mp4");
  const cut = join(folder, "cut.mp4");
  await writeFile(text, "not a video\n".repeat(50));
  await writeFile(empty, "");
  const whole = await readFile(good);
  await writeFile(cut, whole.subarray(0, whole.length / 2));

  await using demo = runDemo(
    "--once",
    good,
    text,
    empty,
    cut,
    folder,
    join(folder, "missing.mp4"),
    ...others,
  );
  const { videos, feed } = await demo.report;
  assert.equal(await demo.ended, 0, demo.log());
  assert.deepEqual(
    videos.map(({ status, verified, reason }) => [status, verified, reason?.split(":")[0]]),
    [
      ["published", true, undefined],
      ["rejected", null, "NOT_A_VIDEO"],
      ["rejected", null, "EMPTY_FILE"],
      // Without its index, which stood at the end, it cannot be told from a damaged one.
      ["rejected", null, "TRUNCATED"],
      ["rejected", null, "NOT_A_FILE"],
      ["rejected", null, "FILE_NOT_FOUND"],
      ...others.map(() => ["published", true, undefined]),
    ],
  );
  assert.deepEqual(
    videos[0]?.renditions.map(({ width, height }) => [width, height]),
    [
      [480, 854],
      [240, 426],
    ],
  );
  const published = videos.flatMap(({ id }) => id ?? []);
  assert.ok(feed?.feed.every((id) => published.includes(id)));
  assert.deepEqual(feed?.index, feed?.feed, "the canister tells the order that the interface tells");
  assert.doesNotMatch(demo.log(), /^\s+at /m, "no stack trace");
  assert.deepEqual(await processesWith(demo.mark), []);
});

test("demo: Ctrl-C while it works leaves no process behind", async () => {
  await using demo = runDemo(...clips);
  while (!demo.log().includes("encode")) await wait(50);
  demo.child.kill("SIGINT");
  assert.equal(await demo.ended, 130, demo.log());
  assert.deepEqual(await processesWith(demo.mark), []);
});
