import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { LocalnetError } from "./localnet-error.ts";
import { type RemoteControl, remoteControl } from "./remote-control.ts";
import { openStateFolder } from "./state-folder.ts";
import type { LocalnetOptions, WorkerReport, WorkerRequest } from "./worker-protocol.ts";

export type { Execution } from "./control.ts";
export { LocalnetError } from "./localnet-error.ts";
export { compileMotoko } from "./motoko/compile.ts";
export { stableFaults } from "./motoko/stable-compatibility.ts";
export type { RemoteControl } from "./remote-control.ts";
export type { Fault } from "./replica/faults.ts";
export type { Latency } from "./replica/latency.ts";
export type { OutcallPolicy } from "./replica/management/outcall-interface.ts";
export type { Durability } from "./replica/state/durable-writer.ts";
export type { LocalnetOptions } from "./worker-protocol.ts";

/** A running local Internet Computer. */
export interface Localnet extends AsyncDisposable {
  /** For agents and browsers. */
  url: string;
  port: number;
  /** DER, 133 bytes. */
  rootKey: Uint8Array;
  /** Execution counters, the clock and faults, for tests and benchmarks. */
  control: RemoteControl;
  /** Writes the state, then stops. Afterwards nothing keeps the process alive. */
  close(): Promise<void>;
}

/**
 * Starts a network in its own thread.
 * @throws LocalnetError PORT_TAKEN, PORT_REFUSED, STATE_IN_USE, STATE_TOO_NEW, STATE_UNREADABLE, STATE_UNWRITABLE
 */
export async function startLocalnet(options: LocalnetOptions = {}): Promise<Localnet> {
  await using opened = new AsyncDisposableStack();
  if (options.state) opened.use(await openStateFolder(options.state));
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
    workerData: options,
    // Flags of the process such as --input-type do not apply to a thread that runs a file.
    execArgv: [],
    resourceLimits: { stackSizeMb: 200 },
  });
  const exited = once(worker, "exit").then(
    () => undefined,
    (cause) => crash(cause),
  );
  const report = await firstReport(worker);
  if (report.status === "failed") {
    throw new LocalnetError(report.code, report.message);
  }
  opened.defer(() => stop(worker, exited));
  const resources = opened.move();
  const close = () => resources.disposeAsync();
  const { port, rootKey } = report;
  const url = `http://${options.host ?? "127.0.0.1"}:${port}`;
  return { url, port, rootKey, control: remoteControl(worker), close, [Symbol.asyncDispose]: close };
}

async function firstReport(worker: Worker): Promise<WorkerReport> {
  try {
    const [report] = await once(worker, "message");
    return report;
  } catch (cause) {
    throw crash(cause);
  }
}

async function stop(worker: Worker, exited: Promise<LocalnetError | undefined>): Promise<void> {
  worker.postMessage({ kind: "close" } satisfies WorkerRequest);
  const crashed = await exited;
  if (crashed) throw crashed;
}

function crash(cause: unknown): LocalnetError {
  return new LocalnetError("LOCALNET_CRASHED", `the local network failed: ${cause}`, { cause });
}
