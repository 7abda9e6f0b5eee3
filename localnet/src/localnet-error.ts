/**
 * A failure that a user of the local network can meet: a code in capitals and a message that tells the user what to
 * do. Its fields are those of a `TypedError`, so that callers can show both alike.
 */
export class LocalnetError extends Error {
  override readonly name = "LocalnetError";
  /** What happened, in capitals: `PORT_TAKEN`, `MOTOKO_REFUSED`... */
  readonly code: string;
  /** True when the same input will fail again: do not retry. */
  readonly final: boolean;

  constructor(code: string, message: string, options: { final?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.final = options.final ?? true;
  }
}
