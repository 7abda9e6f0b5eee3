import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { requireToken } from "../../api/access/access.ts";
import { ApiSettings } from "../../api/settings.ts";
import { inKilnHome } from "../../base/kiln-home.ts";
import { type Log, LogSettings, openLog } from "../../base/log.ts";
import { TypedError } from "../../base/typed-error.ts";
import { readSettings } from "../../config.ts";
import { IcSettings } from "../../ic/network/settings.ts";
import { connectRedis } from "../../queues/connection.ts";
import { localRedisFile, localRedisFolder, localRedisUrl } from "../../queues/local-redis.ts";
import { QueueSettings } from "../../queues/settings.ts";
import { aborted, stopSignal } from "../stop-signal.ts";
import { startLocalNetwork } from "./local-network.ts";
import { freePort, startRedis } from "./redis-server.ts";
import { requireFreePort } from "./require-free-port.ts";
import { startApiProcess, startWorkerProcess } from "./service-process.ts";
import { supervise } from "./supervise.ts";

/** The local network's, as of `kiln localnet`. */
const networkPort = 4943;

export default function up(command: Command): void {
  command
    .addHelpText(
      "after",
      `
Everything is kept in KILN_HOME, and continues where it was when kiln up is started again. Other commands find it by
themselves: kiln enqueue, videos, events, publish, canisters...
A Redis or a network that settings name (KILN_REDIS_URL; KILN_IC_HOST or KILN_GLOBAL_CONFIGURATION_CANISTER) is used instead of
a local one. What ends by itself is started again. Ctrl-C or SIGTERM stops everything, in order.

Example:
  ./kiln up & ./kiln enqueue dance.mp4 --wait`,
    )
    .action(run);
}

async function run(): Promise<void> {
  const signal = stopSignal();
  const { KILN_API_HOST: apiHost, KILN_API_PORT: apiPort, KILN_API_TOKEN: token } = readSettings(ApiSettings);
  requireToken(apiHost, token);
  await requireFreePort({ host: apiHost, port: apiPort }, "KILN_API_HOST and KILN_API_PORT");
  const log = openLog(readSettings(LogSettings).KILN_LOG_LEVEL);
  await using opened = new AsyncDisposableStack();
  const redisUrl = process.env.KILN_REDIS_URL
    ? readSettings(QueueSettings).KILN_REDIS_URL
    : await ownRedis(opened, log);
  if (signal.aborted) return;
  const network = await ownNetwork(opened);
  if (signal.aborted) return;
  // The rest they find as every command does.
  const env = { ...process.env, KILN_REDIS_URL: redisUrl };
  const worker = opened.use(await supervise("worker", () => startWorkerProcess({ env }), log));
  if (signal.aborted) return;
  const api = opened.use(await supervise("api", () => startApiProcess({ env }), log));
  const lines = [
    ["API", `${api.first.ready.url}/v1`],
    ["network", network ?? "as set"],
    ["Redis", process.env.KILN_REDIS_URL ? "as set" : redisUrl],
    ["kept in", inKilnHome()],
  ];
  for (const [name, value] of lines) console.log(`${name!.padEnd(10)}${value}`);
  console.log("Ctrl-C stops everything; the state is kept.");
  // For a parent process that waits for it.
  process.send?.({ url: api.first.ready.url, redis: redisUrl, worker: worker.first.pid });
  await aborted(signal);
  if (process.connected) process.disconnect();
  console.error("stopping...");
}

/**
 * @returns the address of a Redis that keeps what it holds in KILN_HOME, which is that of its last run where it is still free
 * @throws TypedError ALREADY_UP, REDIS_MISSING, REDIS_FAILED
 */
async function ownRedis(opened: AsyncDisposableStack, log: Log): Promise<string> {
  const former = localRedisUrl();
  if (former !== undefined && (await answers(former)))
    throw new TypedError("ALREADY_UP", `kiln up runs already for ${inKilnHome()} (its Redis is ${former})`);
  const port = await freePort(former === undefined ? 0 : Number(new URL(former).port));
  const folder = localRedisFolder();
  await mkdir(folder, { recursive: true });
  const { first } = opened.use(await supervise("redis", () => startRedis({ folder, port }), log));
  await writeFile(localRedisFile(), `${first.url}\n`);
  opened.defer(() => rm(localRedisFile(), { force: true }));
  return first.url;
}

async function answers(url: string): Promise<boolean> {
  try {
    (await connectRedis(url, { timeoutMs: 1_000 })).disconnect();
    return true;
  } catch {
    return false;
  }
}

/** @returns the URL of a local network that keeps its state in KILN_HOME; undefined when settings name another */
async function ownNetwork(opened: AsyncDisposableStack): Promise<string | undefined> {
  const { KILN_IC_HOST, KILN_GLOBAL_CONFIGURATION_CANISTER } = readSettings(IcSettings);
  if (KILN_IC_HOST !== undefined || KILN_GLOBAL_CONFIGURATION_CANISTER !== undefined) return undefined;
  console.error("compiling and installing the canisters...");
  const folder = inKilnHome("localnet");
  const port = await freePort(networkPort);
  const network = opened.use(await startLocalNetwork({ folder, state: join(folder, "network"), port }));
  return network.deployment.host;
}
