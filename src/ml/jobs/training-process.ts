import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { TypedError } from "../../base/typed-error.ts";
import type { TrainModelOptions } from "../training/train-model.ts";
import { FromTraining, type ToTraining } from "./training-messages.ts";

export type TrainingProcessOptions = TrainModelOptions & {
  /** Aborted when nobody wants even the checkpoint any more: the process is killed. */
  abandoned?: AbortSignal;
  /** For tests: what runs instead of the training. */
  program?: string;
};

type Answer = Extract<FromTraining, { type: "done" | "registered" }>;

const defaultProgram = fileURLToPath(new URL("train-program.ts", import.meta.url));
/** What a stopped training gets to end its step and to write its checkpoint. */
const stopMs = 30_000;

/**
 * Asks a process of its own, which the kernel ends with this one. Aborting lets it write a checkpoint first.
 * @throws TypedError of the training, TRAINING_DIED when its process ended without an answer; the signal's reason
 */
export async function askTraining(
  asked: Exclude<ToTraining, { type: "stop" }>,
  { onProgress, onNotice, signal, abandoned, program = defaultProgram }: TrainingProcessOptions = {},
): Promise<Answer> {
  signal?.throwIfAborted();
  const child = fork(program, [], {
    execPath: "setpriv",
    execArgv: ["--pdeathsig", "KILL", process.execPath],
    // Its standard error is kept: TensorFlow and drivers write what befell them there.
    stdio: ["ignore", "inherit", "pipe", "ipc"],
  });
  let tail = "";
  child.stderr!.on("data", (data: Buffer) => {
    tail = (tail + data.toString()).slice(-2000);
  });
  let answer: Exclude<FromTraining, { type: "progress" | "notice" }> | undefined;
  child.on("message", (message) => {
    const said = FromTraining.parse(message);
    if (said.type === "progress") onProgress?.(said.progress);
    else if (said.type === "notice") onNotice?.(said.say);
    else answer = said;
  });
  // A process that is gone cannot be told anything; its end says so.
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
    send(asked);
    const [code, killedBy] = await once(child, "close");
    signal?.throwIfAborted();
    if (answer?.type === "failed") throw new TypedError(answer.code, answer.message, { final: answer.final });
    if (answer !== undefined) return answer;
    throw new TypedError(
      "TRAINING_DIED",
      `the process of the training ended without an answer (${killedBy ?? `exit code ${code}`}): go on from its checkpoint with --resume, or choose another --engine\n${tail.trim()}`,
      { final: false },
    );
  } finally {
    clearTimeout(killer);
    signal?.removeEventListener("abort", stop);
    abandoned?.removeEventListener("abort", kill);
  }
}
