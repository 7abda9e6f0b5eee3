import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connectRedis } from "../../../src/queues/connection.ts";
import { kiln, main } from "../kiln.ts";

test("kiln up: one home, one system; what is killed comes back with what it held; it stops as a whole", {
  timeout: 300_000,
}, async (t) => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "kiln-up-"));
  const env = { PATH: process.env.PATH, KILN_HOME: `${folder.path}/.kiln`, KILN_API_PORT: "0" };
  const up = fork(main, ["up"], { env, stdio: ["ignore", "pipe", "ignore", "ipc"] });
  t.after(() => up.kill("SIGKILL"));
  const exited = once(up, "exit");
  const [{ url, redis, worker }] = (await once(up, "message")) as [
    { url: string; redis: string; worker: number },
  ];
  assert.equal((await fetch(new URL("/readyz", url))).status, 200);

  const second = await kiln(folder.path, "up");
  assert.equal(second.code, 1);
  assert.match(second.stderr, /^ALREADY_UP: /);

  await using opened = new AsyncDisposableStack();
  const client = opened.adopt(await connectRedis(redis), (connection) => connection.disconnect());
  const workers = async () =>
    String(await client.client("LIST")).match(/name=kiln:queue:dHJhbnNjb2Rl\S*/g)?.length ?? 0;
  await client.set("kept", "yes");
  const id = () => client.info("server").then((text) => /^process_id:(\d+)/m.exec(text)![1]!);
  const former = await id();
  process.kill(Number(former), "SIGKILL");
  await until(async () => (await id().catch(() => former)) !== former);
  assert.equal(await client.get("kept"), "yes");
  // Every command finds this Redis without a setting.
  assert.deepEqual(JSON.parse((await kiln(folder.path, "videos", "list", "--json")).stdout), { videos: [] });

  process.kill(worker, "SIGKILL");
  await until(async () => (await workers()) === 0);
  await until(async () => (await workers()) > 0);

  up.kill("SIGTERM");
  assert.deepEqual(await exited, [0, null]);
  await assert.rejects(connectRedis(redis), { code: "REDIS_UNREACHABLE" });
  const after = await kiln(folder.path, "videos", "list");
  assert.doesNotMatch(after.stderr, new RegExp(new URL(redis).port));
});

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await sleep(50);
}
