import { TypedError } from "../../base/typed-error.ts";
import { RejectionError } from "../../transcode/base/rejection.ts";
import type { TaskFailure } from "./task.ts";

/** Sorts what a task threw. What nobody foresaw may pass: it is tried again, a bounded number of times. */
export function taskFailure(error: unknown): TaskFailure {
  const { code, message, stack } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC") return taskFailure(new RejectionError("DISK_FULL", undefined, { cause: error }));
  if (!(error instanceof TypedError))
    return { kind: "passing", code: "UNEXPECTED", message: String(error), ...(stack && { stack }) };
  if (!error.final) return { kind: "passing", code: error.code, message };
  return { kind: error instanceof RejectionError ? "rejection" : "final", code: error.code, message };
}

/** A failure that came out of a child process. */
export class TaskError extends Error {
  override readonly name = "TaskError";
  readonly failure: TaskFailure;

  constructor(failure: TaskFailure) {
    super(`${failure.code}: ${failure.message}`);
    this.failure = failure;
  }
}
