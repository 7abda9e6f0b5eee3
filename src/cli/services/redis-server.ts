import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { TypedError } from "../../base/typed-error.ts";

export type RedisServer = {
  url: string;
  pid: number;
  /** Settled when it has ended. */
  exited: Promise<unknown>;
  stop: () => Promise<void>;
} & AsyncDisposable;

/** Another program may take the free port before Redis does. */
const tries = 5;

/**
 * Starts a Redis of one's own on a free port of this machine, set as Kiln needs it. It dies with this process.
 * @param options.folder for its files; without one they lie in a temporary folder that goes when Redis is stopped
 * @param options.port on loopback; by default a free one
 * @throws TypedError REDIS_MISSING, REDIS_FAILED
 */
export async function startRedis({
  folder,
  port,
}: {
  folder?: string;
  port?: number;
} = {}): Promise<RedisServer> {
  const files = folder ?? (await mkdtemp(join(tmpdir(), "kiln-redis-")));
  await mkdir(files, { recursive: true });
  const clean = async () => {
    if (folder === undefined) await rm(files, { recursive: true, force: true });
  };
  try {
    return await firstOf(tries, async () => start(port ?? (await freePort()), files, clean));
  } catch (error) {
    await clean();
    throw error;
  }
}

async function start(port: number, files: string, clean: () => Promise<void>): Promise<RedisServer> {
  const settings = {
    port,
    bind: "127.0.0.1",
    dir: files,
    appendonly: "yes",
    save: "",
    "maxmemory-policy": "noeviction",
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = spawn("setpriv", ["--pdeathsig", "TERM", "redis-server", ...args], {
    stdio: ["ignore", "pipe", "ignore"],
    // A Ctrl-C in the terminal is for the command that runs it: that one stops Redis last.
    detached: true,
  });
  const exited = once(server, "exit");
  // Without setpriv nothing starts, which the empty output shows below.
  exited.catch(() => {});
  const lines: string[] = [];
  const ready = (async () => {
    for await (const line of createInterface(server.stdout)) {
      lines.push(line);
      if (line.includes("Ready to accept connections")) return;
    }
    if (lines.length === 0)
      throw new TypedError(
        "REDIS_MISSING",
        "redis-server cannot be started: install it (apt install redis-server)",
      );
    throw new TypedError("REDIS_FAILED", `redis-server ended: ${lines.slice(-3).join("; ")}`);
  })();
  await ready;
  server.stdout.resume();
  const stop = async () => {
    if (server.exitCode === null && server.signalCode === null) server.kill("SIGTERM");
    await exited;
    await clean();
  };
  return { url: `redis://127.0.0.1:${port}`, pid: server.pid!, exited, stop, [Symbol.asyncDispose]: stop };
}

async function firstOf<Result>(attempts: number, attempt: () => Promise<Result>): Promise<Result> {
  for (let left = attempts - 1; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0 || !(error instanceof TypedError) || error.final) throw error;
    }
  }
}

/**
 * @param wanted 0: any
 * @returns a port of this machine that was free a moment ago: the wanted one where it is
 */
export async function freePort(wanted = 0): Promise<number> {
  const server = createServer().listen(wanted, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (error) {
    if (wanted === 0) throw error;
    return await freePort();
  }
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
