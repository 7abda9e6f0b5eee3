/**
 * An error that is data: what happened (a code in capitals), whether trying again can help, and a
 * sentence that says what to do. The command line prints it without a stack trace and exits with 1.
 */
export class TypedError extends Error {
  override readonly name = "TypedError";
  /** What happened, in capitals: `NOT_A_VIDEO`, `SETTING_INVALID`... */
  readonly code: string;
  /** True when the same input will fail again, so that nobody should retry. */
  readonly final: boolean;

  constructor(code: string, message: string, options: { final?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.final = options.final ?? true;
  }
}
