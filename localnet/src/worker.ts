/**
 * The thread that runs the whole network: Wasm may block it and needs a large stack. Gets `LocalnetOptions` as
 * worker data, posts one `WorkerReport` when it listens or has failed, carries out control commands, and closes on
 * request.
 */
import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "./certification/certifier.ts";
import { type Control, controlOf, ExecutionLog } from "./control.ts";
import { LocalnetError } from "./localnet-error.ts";
import { createReplica, type LocalReplica } from "./replica/replica.ts";
import { serve } from "./serve.ts";
import type { ControlAnswer, LocalnetOptions, WorkerReport, WorkerRequest } from "./worker-protocol.ts";

async function start(options: LocalnetOptions) {
  const {
    host = "127.0.0.1",
    port = 0,
    state,
    subnets = 3,
    instructionLimits,
    latency,
    outcalls,
    durability,
  } = options;
  const time = { offset: 0n };
  const clock = () => systemClock() + time.offset;
  const log = new ExecutionLog();
  let replica: LocalReplica | undefined;
  const open = async ([subnetId, ...otherSubnets]: Uint8Array[]) => {
    replica = await createReplica({
      subnetId: subnetId!,
      otherSubnets,
      now: clock,
      onExecuted: (executed) => log.add(executed),
      ...(state && { state }),
      ...(instructionLimits && { instructionLimits }),
      ...(latency && { latency }),
      ...(outcalls && { outcalls }),
      ...(durability && { durability }),
    });
    return replica;
  };
  const served = await serve({ host, port, subnets, clock, ...(state && { state }) }, open);
  return { served, control: controlOf(replica!, log, time) };
}

/** Carries out requests until asked to close. */
function obey(control: Control): Promise<void> {
  return new Promise((close) => {
    parentPort!.on("message", (request: WorkerRequest) => {
      if (request.kind === "close") close();
      else void answerTo(control, request).then((answer) => parentPort!.postMessage(answer));
    });
  });
}

async function answerTo(
  control: Control,
  { number, command, args }: Extract<WorkerRequest, { kind: "control" }>,
): Promise<ControlAnswer> {
  try {
    return { number, value: await (control[command] as (...args: unknown[]) => unknown)(...args) };
  } catch (error) {
    return { number, error: (error as Error).message };
  }
}

function report(value: WorkerReport): void {
  parentPort!.postMessage(value);
}

try {
  const { served, control } = await start(workerData);
  await using network = served;
  const closing = obey(control);
  report({ status: "listening", port: network.port, rootKey: network.rootKey });
  await closing;
  parentPort!.close();
} catch (error) {
  // Errors lose their class between threads. One without a code is a bug and ends the thread.
  if (!(error instanceof LocalnetError)) throw error;
  report({ status: "failed", code: error.code, message: error.message });
}
