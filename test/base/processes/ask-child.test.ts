import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { z } from "zod";
import { type AskChildOptions, askChild } from "../../../src/base/processes/ask-child.ts";
import { startChild } from "../../../src/base/processes/start-child.ts";
import { oddOperation } from "./odd-operations.ts";

const folder = await mkdtemp(join(tmpdir(), "kiln-ask-child-"));
after(() => rm(folder, { recursive: true }));

const program = new URL("odd-program.ts", import.meta.url);

type Request = z.infer<(typeof oddOperation)["request"]>;
const ask = (deed: string, options: AskChildOptions<number> & { path?: string } = {}) => {
  const { path, ...rest } = options;
  return askChild(program, oddOperation, { deed, path } as Request, rest);
};

/** Whether the process is there; a zombie is not. */
async function lives(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "State: Z");
  return !/^State:\s+[ZX]/m.test(status);
}

test("reports come in order, then the answer", async () => {
  const reports: number[] = [];
  assert.equal(await ask("report", { onReport: (report) => reports.push(report) }), 3);
  assert.deepEqual(reports, [1, 2, Number.MAX_VALUE]);
});

test("errors cross as what they were: typed ones with their code, others with the child's stack", async () => {
  await assert.rejects(ask("fail for good"), {
    name: "TypedError",
    code: "NO_VIDEO_STREAM",
    final: true,
    message: "the file has no video stream",
  });
  await assert.rejects(ask("fail"), {
    ...{ name: "RangeError", code: "ENOSPC", message: "out of range" },
    stack: /odd-program\.ts/,
  });
});

test("a child that dies is lost, with its last lines", async () => {
  await assert.rejects(ask("complain and crash"), {
    name: "ChildLost",
    why: "ended",
    message: /^SIGABRT\nfirst line\nlast words$/,
  });
});

for (const deed of ["report rubbish", "answer rubbish"])
  test(`a child that does not keep to the operation is killed: ${deed}`, async () => {
    await assert.rejects(ask(deed), { why: "protocol", message: /invalid message.*expected number/ });
  });

test("a request that the operation does not allow is refused by the child", async () => {
  await assert.rejects(ask("sing"), { name: "ZodError", message: /Invalid option/ });
});

test("a child that takes too long is killed, also when its event loop is blocked", async () => {
  for (const deed of ["wait in vain", "loop"]) {
    let pid = 0;
    const asked = ask(deed, { seconds: 1, onReport: (id) => (pid = id) });
    await assert.rejects(asked, { why: "late", message: "killed after 1 s" });
    assert.equal(await lives(pid), false);
  }
});

test("a child that takes too much memory is killed", async () => {
  await assert.rejects(ask("hoard", { memoryBytes: 200 * 2 ** 20 }), {
    why: "memory",
    message: "killed above 200 MiB of memory",
  });
});

test("the kernel refuses a child more than a gigabyte above its bound, however fast it allocates", async () => {
  await using child = startChild(program, { memoryBytes: 100 * 2 ** 20 });
  const pid = await child.ask(oddOperation, { deed: "answer with its id" }, {});
  const [, soft] = /^Max data size\s+(\d+)/m.exec(await readFile(`/proc/${pid}/limits`, "utf8"))!;
  assert.equal(Number(soft), 100 * 2 ** 20 + 2 ** 30);
});

test("stopped, a child may clean up within its grace; without one it is killed at once", async () => {
  const path = join(folder, "trace");
  for (const [deed, graceMs] of [
    ["leave a trace when stopped", 60_000],
    ["wait in vain", 100],
    ["loop", 0],
  ] as const) {
    let pid = 0;
    const stop = new AbortController();
    const onReport = (id: number) => {
      pid = id;
      stop.abort(new Error("enough"));
    };
    await assert.rejects(ask(deed, { path, graceMs, signal: stop.signal, onReport }), { message: "enough" });
    assert.equal(await lives(pid), false, deed);
  }
  assert.equal(await readFile(path, "utf8"), "stopped");
});

test("an abandoned child is killed whatever its grace", async () => {
  const abandoned = new AbortController();
  const onReport = () => abandoned.abort();
  const asked = ask("wait", { graceMs: 60_000, abandoned: abandoned.signal, onReport });
  await assert.rejects(asked, { why: "ended", message: "SIGKILL" });
});

test("one child answers many requests, and is gone afterwards", async () => {
  const pids: number[] = [];
  {
    await using child = startChild(program);
    for (let count = 0; count < 3; count++)
      pids.push(await child.ask(oddOperation, { deed: "answer with its id" }, {}));
    await assert.rejects(child.ask(oddOperation, { deed: "fail" }, {}), { name: "RangeError" });
    assert.equal(await child.ask(oddOperation, { deed: "answer" }, {}), 1);
    assert.equal(child.alive(), true);
  }
  assert.equal(new Set(pids).size, 1);
  assert.equal(await lives(pids[0]!), false);
});

test("kill -9 of the parent ends the child, also when its event loop is blocked", async () => {
  const parent = spawn(process.execPath, [fileURLToPath(new URL("parent-program.ts", import.meta.url))], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(parent.stdout, "data");
  const pid = Number(line);
  assert.equal(await lives(pid), true);
  parent.kill("SIGKILL");
  await once(parent, "exit");
  while (await lives(pid)) await new Promise((turn) => setTimeout(turn, 10));
});
