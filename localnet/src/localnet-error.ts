/**
 * A failure a user of the local network can meet, as data: what happened (a code in capitals) and a
 * sentence that says what to do. Its fields are those of a `TypedError`, so that a caller may show both alike.
 */
export class LocalnetError extends Error {
  override readonly name = "LocalnetError";
  /** What happened, in capitals: `PORT_TAKEN`, `MOTOKO_REFUSED`... */
  readonly code: string;
  /** True when the same input will fail again, so that nobody should retry. */
  readonly final: boolean;

  constructor(code: string, message: string, options: { final?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.final = options.final ?? true;
  }
}
