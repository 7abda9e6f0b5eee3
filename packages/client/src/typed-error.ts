import { type ClientErrorCode, clientErrors, type ErrorEntry } from "./client-errors.ts";

/** The properties of every code; programs add their own codes, as `src/base/typed-error.ts` does. */
export const knownErrors = new Map<string, ErrorEntry>(Object.entries(clientErrors));

/**
 * An error with a code, a flag that says whether a retry can help, and a message that says what to do. The command
 * line prints it without a stack trace and exits with 1.
 */
export class TypedError<Code extends string = ClientErrorCode> extends Error {
  override readonly name = "TypedError";
  /** In capitals: `CANISTER_UNREACHABLE`, `SETTING_INVALID`... */
  readonly code: Code;
  /** True when the same input will fail again, so retrying cannot help. */
  readonly final: boolean;

  // No inference from the argument, so that only codes of the table compile.
  constructor(code: NoInfer<Code>, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.final = knownErrors.get(code)?.final ?? true;
  }
}
