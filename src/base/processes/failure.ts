import { TypedError } from "../typed-error.ts";
import type { Failure } from "./operation.ts";

/** What crosses to the parent of an error. */
export function describeFailure(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { name, message, stack } = error;
  if (error instanceof TypedError) return { name, message, typed: error.code };
  const { code } = error as NodeJS.ErrnoException;
  return { name, message, ...(typeof code === "string" && { code }), ...(stack && { stack }) };
}

/** The error that the parent throws for it: the same code and message, and where there was no type, the child's stack. */
export function rebuildError({ name, message, typed, code, stack }: Failure): Error {
  if (typed !== undefined) return new TypedError(typed, message);
  return Object.assign(new Error(message), { name, ...(code && { code }), ...(stack && { stack }) });
}
