import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { transcode } from "../../src/transcode/transcode.ts";
import { clip, scratch } from "./clip.ts";
import { ffmpegsNaming } from "./running.ts";

const folder = await scratch();
const results = join(folder, "results");
await mkdir(results);
/** Large and slow enough that nobody finishes it before being stopped. */
const file = await clip(
  folder,
  "long.mp4",
  "-f lavfi -i testsrc2=s=1280x720:r=30:d=20 -c:v libx264 -preset ultrafast",
);
const slow = { preset: "veryslow" } as const;

const running = () => ffmpegsNaming(file);

/** Waits for a state of the outside world that must come; the runner's own time limit is the only clock. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await setTimeout(20);
}

test("an abort stops ffmpeg and leaves nothing behind", async () => {
  const stop = new AbortController();
  const reason = new Error("lock lost");
  const done = transcode(file, {
    out: join(results, "aborted"),
    policy: slow,
    signal: stop.signal,
    onProgress: ({ stage }) => {
      if (stage === "encode") until(async () => (await running()).length > 0).then(() => stop.abort(reason));
    },
  });
  await assert.rejects(done, reason);
  assert.deepEqual(await running(), []);
  assert.deepEqual(await readdir(results), []);
});

test("an abort before the start starts nothing", async () => {
  const out = join(results, "never");
  await assert.rejects(transcode(file, { out, signal: AbortSignal.abort(new Error("no")) }), /no/);
  assert.deepEqual(await readdir(results), []);
});

test("an encode that makes no progress is given up, and may be tried again", async () => {
  const policy = { ...slow, stallSeconds: 0.001 };
  await assert.rejects(transcode(file, { out: join(results, "stalled"), policy }), {
    code: "ENCODE_STALLED",
    final: false,
  });
  assert.deepEqual(await running(), []);
  assert.deepEqual(await readdir(results), []);
});

const kiln = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const started = (name: string) =>
  spawn(process.execPath, [kiln, "transcode", file, "--out", join(results, name)], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, KILN_X264_PRESET: "veryslow" },
  });

test("Ctrl-C: exit code 1, one line, nothing left", async () => {
  const child = started("interrupted");
  const said = child.stderr.setEncoding("utf8").toArray();
  await until(async () => (await running()).length > 0);
  child.kill("SIGINT");
  assert.deepEqual(await once(child, "exit"), [1, null]);
  assert.equal((await said).join(""), "INTERRUPTED: stopped; nothing was written\n");
  assert.deepEqual(await running(), []);
  assert.deepEqual(await readdir(results), []);
});

test("kill -9 of the command leaves no ffmpeg, and what it leaves goes with the next run", async () => {
  const child = started("killed");
  await until(async () => (await readdir(results)).length > 0 && (await running()).length > 0);
  child.kill("SIGKILL");
  await once(child, "exit");
  await until(async () => (await running()).length === 0);
  const left = await readdir(results);
  assert.equal(left.length, 1);
  assert.ok(left[0]!.startsWith(".killed.kiln-"));
  const again = started("killed");
  await until(async () => !(await readdir(results)).includes(left[0]!));
  again.kill("SIGINT");
  await once(again, "exit");
  assert.deepEqual(await readdir(results), []);
});
