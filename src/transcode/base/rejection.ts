import { type RejectionCode, rejections } from "../../base/errors.ts";
import { TypedError } from "../../base/typed-error.ts";

/** A video that is refused: the sentence of the table, with a detail in brackets. */
export class RejectionError extends TypedError {
  constructor(code: RejectionCode, detail?: string, options: { cause?: unknown } = {}) {
    const { advice } = rejections[code];
    super(code, detail === undefined ? advice : `${advice} (${detail})`, options);
  }
}

/** Whether something failed because a disk has no space left. */
export const isDiskFull = (error: unknown): boolean =>
  error instanceof TypedError
    ? error.code === "DISK_FULL"
    : error instanceof Error && "code" in error && error.code === "ENOSPC";
