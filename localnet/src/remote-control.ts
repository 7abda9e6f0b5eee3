import type { Worker } from "node:worker_threads";
import type { Control } from "./control.ts";
import { LocalnetError } from "./localnet-error.ts";
import type { ControlAnswer, WorkerRequest } from "./worker-protocol.ts";

/** The same commands, from the thread that started the network. */
export type RemoteControl = {
  [Command in keyof Control]: (
    ...args: Parameters<Control[Command]>
  ) => Promise<Awaited<ReturnType<Control[Command]>>>;
};

const commands: { [Command in keyof Control]: Command } = {
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

/** Commands reject with LocalnetError CONTROL_REFUSED when the network cannot carry them out. */
export function remoteControl(worker: Worker): RemoteControl {
  let count = 0;
  const send = (command: keyof Control, args: unknown[]) =>
    new Promise((resolve, reject) => {
      const number = count++;
      const listen = (answer: ControlAnswer) => {
        if (answer.number !== number) return;
        worker.off("message", listen);
        if ("error" in answer) reject(new LocalnetError("CONTROL_REFUSED", answer.error));
        else resolve(answer.value);
      };
      worker.on("message", listen);
      worker.postMessage({ kind: "control", number, command, args } satisfies WorkerRequest);
    });
  const entries = Object.values(commands).map((command) => [
    command,
    (...args: unknown[]) => send(command, args),
  ]);
  return Object.fromEntries(entries) as RemoteControl;
}
