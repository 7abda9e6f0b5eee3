import assert from "node:assert/strict";
import { execFile, fork } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { AnonymousIdentity } from "@dfinity/agent";
import { replicaUnderTest } from "./replica-under-test.ts";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Which checks: enough to see that they reach both subnets. `platform.test.ts` itself runs them all. */
const some = "--test-name-pattern=^ingress|subnet";

/** Runs some of the checks against an address. @returns how many passed, failed and were skipped */
async function check(env: NodeJS.ProcessEnv): Promise<Record<string, number>> {
  const run = promisify(execFile)(
    process.execPath,
    ["--test", "--test-reporter=tap", some, path("platform.test.ts")],
    { env },
  );
  // One that fails is seen in the counts.
  const { stdout } = await run.catch((error: { stdout: string }) => error);
  const counts = [...stdout.matchAll(/^# (pass|fail|cancelled|skipped) (\d+)$/gm)];
  return Object.fromEntries(counts.map(([, name, count]) => [name!, Number(count)]));
}

test("the checks run against a replica of another process, by its address alone", async () => {
  const child = fork(path("serving-process.ts"), { execArgv: [] });
  const exited = once(child, "exit");
  const [url] = (await once(child, "message")) as [string];
  // The runner of this test is not the one of those.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const near = "rwlgt-iiaaa-aaaaa-aaaaa-cai,5v3p4-iyaaa-aaaaa-qaaaa-cai";
  const { pass, ...others } = await check({ ...env, KILN_IC_HOST: url, KILN_IC_NEAR: near });
  assert.deepEqual(others, { fail: 0, cancelled: 0, skipped: 0 });
  assert.equal(pass, 7);
  child.disconnect();
  assert.deepEqual(await exited, [0, null]);
  // Where nothing answers any more, the checks cannot begin.
  const gone = await replicaUnderTest({ KILN_IC_HOST: url });
  await assert.rejects(gone.agent(new AnonymousIdentity()));
});
