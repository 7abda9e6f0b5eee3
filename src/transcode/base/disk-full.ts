import { TypedError } from "../../base/typed-error.ts";

/** Whether it was a disk without space that made something fail. */
export const isDiskFull = (error: unknown): boolean =>
  error instanceof TypedError
    ? error.code === "DISK_FULL"
    : error instanceof Error && "code" in error && error.code === "ENOSPC";
