import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { TypedError } from "../../base/typed-error.ts";

export type ServiceProcess<Ready = unknown> = {
  pid: number;
  /** What it sent when it was ready. */
  ready: Ready;
  /** Settled when the process has ended. */
  exited: Promise<unknown>;
  /** Lets it finish or hand back what it does, and waits for its end. */
  stop: () => Promise<void>;
} & AsyncDisposable;

type Options = {
  /** The whole environment. */
  env: NodeJS.ProcessEnv;
  /** Where the log goes: a file descriptor, or this process's own standard error. */
  stderr?: "inherit" | "ignore" | number;
};

const main = fileURLToPath(new URL("../main.ts", import.meta.url));

/**
 * Starts `kiln worker` in a process of its own and waits until it takes jobs. It stops when this process dies.
 * @throws TypedError WORKER_FAILED when it ends before it is ready; its log says why
 */
export function startWorkerProcess(options: Options): Promise<ServiceProcess> {
  return start("worker", options, (exitCode) => {
    return new TypedError("WORKER_FAILED", `the worker ended at once (exit code ${exitCode})`);
  });
}

/**
 * Starts `kiln api` in a process of its own and waits until it answers.
 * @throws TypedError API_FAILED when it ends before it is ready; its log says why
 */
export async function startApiProcess(options: Options): Promise<ServiceProcess<{ url: string }>> {
  return start<{ url: string }>("api", options, (exitCode) => {
    return new TypedError("API_FAILED", `the API ended at once (exit code ${exitCode})`);
  });
}

async function start<Ready>(
  command: "worker" | "api",
  { env, stderr = "inherit" }: Options,
  failure: (exitCode: number | null) => TypedError,
): Promise<ServiceProcess<Ready>> {
  const child = spawn("setpriv", ["--pdeathsig", "TERM", process.execPath, main, command], {
    env,
    stdio: ["ignore", "ignore", stderr, "ipc"],
    // A Ctrl-C in the terminal is for the command that started it: that one stops its services in their order.
    detached: true,
  });
  const exited = once(child, "exit");
  const first = await Promise.race([
    once(child, "message").then(([message]) => ({ ready: message as Ready })),
    exited.then(() => undefined),
  ]);
  if (first === undefined) throw failure(child.exitCode);
  const stop = async () => {
    child.kill("SIGTERM");
    await exited;
  };
  return { pid: child.pid!, ready: first.ready, exited, stop, [Symbol.asyncDispose]: stop };
}
