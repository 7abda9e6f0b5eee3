import type { ErrorCode } from "../../base/errors.ts";
import { TypedError } from "../../base/typed-error.ts";
import { registerTrained } from "../registry/register-trained.ts";
import { trainModel } from "../training/train-model.ts";
import { type FromTraining, ToTraining } from "./training-messages.ts";

/**
 * The process of a training (training-process.ts): it takes one task over IPC, reports its progress, and ends. A network
 * keeps a core busy for minutes, and an engine may crash: neither may affect the parent process.
 */
const stop = new AbortController();
const send = (message: FromTraining) =>
  new Promise<void>((sent) => {
    process.send!(message, () => sent());
  });

async function answer(request: Exclude<ToTraining, { type: "stop" }>): Promise<FromTraining> {
  if (request.type === "register") {
    const { folder, promote } = request.registration;
    const registered = await registerTrained({ folder }, request.task, { promote, now: Date.now() });
    return { type: "registered", registered };
  }
  await trainModel(request.task, {
    onProgress: (progress) => void send({ type: "progress", progress }),
    onNotice: (message) => void send({ type: "notice", message }),
    signal: stop.signal,
  });
  return { type: "done" };
}

async function serve(request: Exclude<ToTraining, { type: "stop" }>): Promise<void> {
  await send(
    await answer(request).catch((error: unknown) => ({ type: "failed", ...failure(error) }) as const),
  );
  process.exit();
}

function failure(error: unknown): { code: ErrorCode; message: string } {
  if (error instanceof TypedError) return { code: error.code, message: error.message };
  return { code: "UNEXPECTED", message: String(error) };
}

// A Ctrl-C reaches the whole foreground group: the parent decides.
process.on("SIGINT", () => {}).on("SIGTERM", () => {});
process.on("disconnect", () => process.exit(1));
process.on("message", (message) => {
  const request = ToTraining.parse(message);
  if (request.type === "stop") stop.abort();
  else void serve(request);
});
