import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempDisposable, readdir, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { keysOfFolder } from "../src/certification/keys.ts";
import { openStateFolder } from "../src/state-folder.ts";

const temporary = () => mkdtempDisposable(join(tmpdir(), "state-"));

test("a state folder has one user at a time and is free again after that", async () => {
  await using folder = await temporary();
  const path = join(folder.path, "made/on/the/way");
  {
    await using _ = await openStateFolder(path);
    await assert.rejects(openStateFolder(path), {
      code: "STATE_IN_USE",
      message: new RegExp(`process ${process.pid}`),
    });
  }
  await using _ = await openStateFolder(path);
  assert.deepEqual((await readdir(path)).sort(), ["localnet.json", "lock"]);
});

test("the lock of a process that is gone is taken over, by one of many", async () => {
  await using folder = await temporary();
  const process = spawn("true");
  await once(process, "exit");
  await writeFile(join(folder.path, "lock"), `${process.pid} 1`);
  const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => openStateFolder(folder.path)));
  const taken = attempts.filter(({ status }) => status === "fulfilled");
  assert.equal(taken.length, 1);
});

test("the lock of an earlier process with the same id is taken over", async () => {
  await using folder = await temporary();
  await writeFile(join(folder.path, "lock"), `${process.pid} 1`);
  await using _ = await openStateFolder(folder.path);
});

test("a folder that cannot be used says why", async () => {
  await using folder = await temporary();
  const path = join(folder.path, "state");
  await (await openStateFolder(path))[Symbol.asyncDispose]();
  await writeFile(join(path, "localnet.json"), `{"version":2}`);
  await assert.rejects(openStateFolder(path), { code: "STATE_TOO_NEW" });
  await writeFile(join(path, "localnet.json"), "nonsense");
  await assert.rejects(openStateFolder(path), { code: "STATE_UNREADABLE" });
  await writeFile(join(folder.path, "file"), "");
  await assert.rejects(openStateFolder(join(folder.path, "file")), { code: "STATE_UNWRITABLE" });
});

test("the keys last, and only their owner can read them", async () => {
  await using folder = await temporary();
  const shown = async (count: number) =>
    (await keysOfFolder(folder.path, count)).map(({ secret, publicKey, nodeKey }) => [
      secret,
      publicKey,
      nodeKey,
    ]);
  const first = await shown(1);
  const second = await shown(3);
  assert.deepEqual(second.slice(0, 1), first);
  assert.equal(second.length, 3);
  assert.deepEqual(await shown(1), second, "subnets that have canisters do not go");
  assert.equal((await stat(join(folder.path, "keys.json"))).mode & 0o777, 0o600);
  await writeFile(join(folder.path, "keys.json"), "{}");
  await assert.rejects(keysOfFolder(folder.path), { code: "STATE_UNREADABLE" });
});
