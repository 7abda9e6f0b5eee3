import { type LocalnetErrorCode, localnetErrors } from "./localnet-errors.ts";

/**
 * A failure that a user of the local network can meet: a code in capitals and a message that tells the user what to
 * do. Its fields are those of a `TypedError`, so that callers can show both alike.
 */
export class LocalnetError extends Error {
  override readonly name = "LocalnetError";
  /** What happened, in capitals: `PORT_TAKEN`, `MOTOKO_REFUSED`... */
  readonly code: LocalnetErrorCode;
  /** True when the same input will fail again, so retrying cannot help. */
  readonly final: boolean;

  constructor(code: LocalnetErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.final = localnetErrors[code].final;
  }
}
