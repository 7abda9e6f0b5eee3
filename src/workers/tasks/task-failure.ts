import { type ErrorCode, rejections } from "../../base/errors.ts";
import { TypedError } from "../../base/typed-error.ts";
import { RejectionError } from "../../transcode/base/rejection.ts";

/**
 * Why a task ended without a result.
 * - rejection: the video is at fault, for good
 * - final: something else is at fault, and trying again by itself cannot help
 * - passing: trying again can help
 */
export type TaskFailure = {
  kind: "rejection" | "final" | "passing";
  code: ErrorCode;
  message: string;
  /** Of an error without a type: for the log. */
  stack?: string;
};

/** Sorts what a task threw, here or in its child. An error without a type may pass: it is tried again a few times. */
export function taskFailure(error: unknown): TaskFailure {
  const { code, message, stack } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC") return taskFailure(new RejectionError("DISK_FULL", undefined, { cause: error }));
  if (!(error instanceof TypedError))
    return { kind: "passing", code: "UNEXPECTED", message: String(error), ...(stack && { stack }) };
  if (!error.final) return { kind: "passing", code: error.code, message };
  return { kind: error.code in rejections ? "rejection" : "final", code: error.code, message };
}
