import type { Worker } from "node:worker_threads";
import type { Control } from "./control.ts";
import { LocalnetError } from "./localnet-error.ts";
import type { ControlAnswer, WorkerRequest } from "./worker-protocol.ts";

/** The same acts, from the thread that started the network. */
export type RemoteControl = {
  [Act in keyof Control]: (...args: Parameters<Control[Act]>) => Promise<Awaited<ReturnType<Control[Act]>>>;
};

const acts: { [Act in keyof Control]: Act } = {
  takeExecutions: "takeExecutions",
  advanceTime: "advanceTime",
  injectFault: "injectFault",
  clearFaults: "clearFaults",
  setLatency: "setLatency",
  stopSubnet: "stopSubnet",
  startSubnet: "startSubnet",
  setCanisterStatus: "setCanisterStatus",
  subnetIds: "subnetIds",
};

/** Acts are rejected with LocalnetError CONTROL_REFUSED when the network cannot do them. */
export function remoteControl(worker: Worker): RemoteControl {
  let count = 0;
  const ask = (act: keyof Control, args: unknown[]) =>
    new Promise((resolve, reject) => {
      const number = count++;
      const listen = (answer: ControlAnswer) => {
        if (answer.number !== number) return;
        worker.off("message", listen);
        if ("error" in answer) reject(new LocalnetError("CONTROL_REFUSED", answer.error));
        else resolve(answer.value);
      };
      worker.on("message", listen);
      worker.postMessage({ kind: "control", number, act, args } satisfies WorkerRequest);
    });
  const entries = Object.values(acts).map((act) => [act, (...args: unknown[]) => ask(act, args)]);
  return Object.fromEntries(entries) as RemoteControl;
}
