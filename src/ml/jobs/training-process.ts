import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { TypedError } from "../../base/typed-error.ts";
import type { TrainModelOptions } from "../training/train-model.ts";
import { FromTraining, type ToTraining } from "./training-messages.ts";

export type TrainingProcessOptions = TrainModelOptions & {
  /** Aborted when not even the checkpoint is needed any more: the process is killed. */
  abandoned?: AbortSignal;
  /** For tests: what runs instead of the training. */
  program?: string;
};

type Answer = Extract<FromTraining, { type: "done" | "registered" }>;

const defaultProgram = fileURLToPath(new URL("train-program.ts", import.meta.url));
/** How long a stopped training has to finish its step and write its checkpoint. */
const stopMs = 30_000;

/**
 * Runs a request in a child process, which the kernel kills with this one. Aborting lets it write a checkpoint first.
 * @throws TypedError of the training, TRAINING_DIED when its process ended without an answer; the signal's reason
 */
export async function askTraining(
  request: Exclude<ToTraining, { type: "stop" }>,
  { onProgress, onNotice, signal, abandoned, program = defaultProgram }: TrainingProcessOptions = {},
): Promise<Answer> {
  signal?.throwIfAborted();
  const child = fork(program, [], {
    execPath: "setpriv",
    execArgv: ["--pdeathsig", "KILL", process.execPath],
    // Standard error is captured: TensorFlow and drivers report crashes there.
    stdio: ["ignore", "inherit", "pipe", "ipc"],
  });
  let tail = "";
  child.stderr!.on("data", (data: Buffer) => {
    tail = (tail + data.toString()).slice(-2000);
  });
  let answer: Exclude<FromTraining, { type: "progress" | "notice" }> | undefined;
  child.on("message", (message) => {
    const received = FromTraining.parse(message);
    if (received.type === "progress") onProgress?.(received.progress);
    else if (received.type === "notice") onNotice?.(received.message);
    else answer = received;
  });
  // The child may have gone: then its exit is what is reported.
  const send = (message: ToTraining) => child.connected && child.send(message, () => {});
  const kill = () => child.kill("SIGKILL");
  let killer: NodeJS.Timeout | undefined;
  const stop = () => {
    send({ type: "stop" });
    killer = setTimeout(kill, stopMs);
  };
  signal?.addEventListener("abort", stop, { once: true });
  abandoned?.addEventListener("abort", kill, { once: true });
  try {
    send(request);
    const [code, killedBy] = await once(child, "close");
    signal?.throwIfAborted();
    if (answer?.type === "failed") throw new TypedError(answer.code, answer.message);
    if (answer !== undefined) return answer;
    throw new TypedError(
      "TRAINING_DIED",
      `the process of the training ended without an answer (${killedBy ?? `exit code ${code}`}): go on from its checkpoint with --resume, or choose another --engine\n${tail.trim()}`,
    );
  } finally {
    clearTimeout(killer);
    signal?.removeEventListener("abort", stop);
    abandoned?.removeEventListener("abort", kill);
  }
}
