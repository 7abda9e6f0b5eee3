import assert from "node:assert/strict";
import { execFile, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempDisposable } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startRedis } from "../../../src/cli/services/redis-server.ts";
import { main } from "../kiln.ts";

/** @returns what kiln api wrote, with a Redis that is not there: it must end before it connects */
async function apiOn(host: string, port: number, environment: Record<string, string> = {}) {
  const settings = { KILN_API_HOST: host, KILN_API_PORT: `${port}`, KILN_REDIS_URL: "redis://127.0.0.1:1" };
  const env = { PATH: process.env.PATH, ...settings, ...environment };
  return await new Promise<{ code: number | undefined; stderr: string }>((resolve) => {
    execFile(process.execPath, [main, "api"], { env }, (error, _, stderr) =>
      resolve({ code: error?.code as number | undefined, stderr }),
    );
  });
}

test("kiln api on a port that is taken says so before it loads anything; KILN_DEBUG shows stack and cause", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as { port: number };
  const { code, stderr } = await apiOn("127.0.0.1", port);
  assert.equal(code, 1);
  assert.equal(
    stderr,
    `PORT_TAKEN: port ${port} of 127.0.0.1 is taken: stop the program that uses it, or set KILN_API_HOST and KILN_API_PORT to another (0 takes a free one)\n`,
  );
  const debugged = await apiOn("127.0.0.1", port, { KILN_DEBUG: "1" });
  assert.match(debugged.stderr, /^PORT_TAKEN: .*require-free-port\.ts.*\[cause\]: .*EADDRINUSE/s);
  taken.close();
});

test("kiln api that is told to stop while a request never ends stops", { timeout: 120_000 }, async (t) => {
  await using redis = await startRedis();
  await using home = await mkdtempDisposable(join(tmpdir(), "kiln-api-"));
  const api = fork(main, ["api"], {
    env: { PATH: process.env.PATH, KILN_HOME: home.path, KILN_REDIS_URL: redis.url, KILN_API_PORT: "0" },
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  t.after(() => api.kill("SIGKILL"));
  const exited = once(api, "exit");
  const [{ url }] = (await once(api, "message")) as [{ url: string }];
  const { hostname, port } = new URL(url);
  const slow = connect(Number(port), hostname);
  slow.on("error", () => {});
  slow.write(
    `POST /v1/events HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{`,
  );
  // By the time a later request has been answered the slow one has arrived.
  await fetch(new URL("/openapi.json", url));
  api.kill("SIGTERM");
  assert.deepEqual(await exited, [0, null]);
  slow.destroy();
});
