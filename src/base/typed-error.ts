import { knownErrors, TypedError as TypedErrorOf } from "@kiln/client/typed-error";
import { type ErrorCode, errors } from "./errors.ts";

for (const [code, entry] of Object.entries(errors)) knownErrors.set(code, entry);

/** The same class as @kiln/client's, so that its errors are instances, too, but with every code of the table. */
export const TypedError: new (
  code: ErrorCode,
  message: string,
  options?: { cause?: unknown },
) => TypedErrorOf<ErrorCode> = TypedErrorOf;
export type TypedError = TypedErrorOf<ErrorCode>;
