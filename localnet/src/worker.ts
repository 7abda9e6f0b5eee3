/**
 * The thread that the whole network runs in: Wasm may block it and needs a large stack. Gets `LocalnetOptions` as
 * worker data, posts one `WorkerReport` when it listens or cannot, and closes at any message.
 */
import { once } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
import { LocalnetError } from "./localnet-error.ts";
import { createReplica } from "./replica/replica.ts";
import { serve } from "./serve.ts";
import type { LocalnetOptions, WorkerReport } from "./worker-protocol.ts";

async function start(options: LocalnetOptions) {
  const { host = "127.0.0.1", port = 0, state, subnets = 3, instructionLimits } = options;
  return serve({ host, port, subnets, ...(state && { state }) }, ([subnetId, ...otherSubnets]) =>
    createReplica({
      subnetId: subnetId!,
      otherSubnets,
      ...(state && { state }),
      ...(instructionLimits && { instructionLimits }),
    }),
  );
}

function report(value: WorkerReport): void {
  parentPort!.postMessage(value);
}

try {
  await using network = await start(workerData);
  const closing = once(parentPort!, "message");
  report({ status: "listening", port: network.port, rootKey: network.rootKey });
  await closing;
} catch (error) {
  // Errors lose their class between threads; one without a code is a fault and ends the thread.
  if (!(error instanceof LocalnetError)) throw error;
  report({ status: "failed", code: error.code, message: error.message, final: error.final });
}
