import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { TypedError } from "../../base/typed-error.ts";

export type WorkerProcess = {
  pid: number;
  /** Settled when the process has ended. */
  exited: Promise<unknown>;
  /** Lets the worker finish or hand back what it does, and waits for its end. */
  stop: () => Promise<void>;
} & AsyncDisposable;

const main = fileURLToPath(new URL("../main.ts", import.meta.url));

/**
 * Starts `kiln worker` in a process of its own and waits until it takes jobs. It stops when this process dies.
 * @param env its whole environment
 * @param stderr where its log goes: a file descriptor, or this process's own standard error
 * @throws TypedError WORKER_FAILED when it ends before it is ready; its log says why
 */
export async function startWorkerProcess({
  env,
  stderr = "inherit",
}: {
  env: NodeJS.ProcessEnv;
  stderr?: "inherit" | "ignore" | number;
}): Promise<WorkerProcess> {
  const child = spawn("setpriv", ["--pdeathsig", "TERM", process.execPath, main, "worker"], {
    env,
    stdio: ["ignore", "ignore", stderr, "ipc"],
    // A Ctrl-C in the terminal is for the command that started it: that one stops the worker in its order.
    detached: true,
  });
  const exited = once(child, "exit");
  const ready = once(child, "message").then(() => "ready" as const);
  const first = await Promise.race([ready, exited.then(() => "ended" as const)]);
  if (first === "ended")
    throw new TypedError("WORKER_FAILED", `the worker ended at once (exit code ${child.exitCode})`);
  const stop = async () => {
    child.kill("SIGTERM");
    await exited;
  };
  return { pid: child.pid!, exited, stop, [Symbol.asyncDispose]: stop };
}
