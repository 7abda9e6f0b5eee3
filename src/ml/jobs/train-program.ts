import { TypedError } from "../../base/typed-error.ts";
import { registerTrained } from "../registry/register-trained.ts";
import { trainModel } from "../training/train-model.ts";
import { type FromTraining, ToTraining } from "./training-messages.ts";

/**
 * The process of a training (training-process.ts): it takes one task over IPC, tells its progress, and ends. A network
 * keeps a core busy for minutes, and an engine may crash: neither must befall the process that asked.
 */
const stop = new AbortController();
const say = (message: FromTraining) =>
  new Promise<void>((said) => {
    process.send!(message, () => said());
  });

async function answer(asked: Exclude<ToTraining, { type: "stop" }>): Promise<FromTraining> {
  if (asked.type === "register") {
    const { folder, promote } = asked.registration;
    const registered = await registerTrained({ folder }, asked.task, { promote, now: Date.now() });
    return { type: "registered", registered };
  }
  await trainModel(asked.task, {
    onProgress: (progress) => void say({ type: "progress", progress }),
    onNotice: (notice) => void say({ type: "notice", say: notice }),
    signal: stop.signal,
  });
  return { type: "done" };
}

async function serve(asked: Exclude<ToTraining, { type: "stop" }>): Promise<void> {
  await say(await answer(asked).catch((error: unknown) => ({ type: "failed", ...failure(error) }) as const));
  process.exit();
}

function failure(error: unknown): { code: string; message: string; final: boolean } {
  if (error instanceof TypedError) return { code: error.code, message: error.message, final: error.final };
  return { code: "UNEXPECTED", message: String(error), final: false };
}

// A Ctrl-C reaches the whole foreground group: the parent decides.
process.on("SIGINT", () => {}).on("SIGTERM", () => {});
process.on("disconnect", () => process.exit(1));
process.on("message", (message) => {
  const asked = ToTraining.parse(message);
  if (asked.type === "stop") stop.abort();
  else void serve(asked);
});
