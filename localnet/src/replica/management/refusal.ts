import type { ErrorCode } from "../../canister/trap.ts";

/** A call that the management canister refuses. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly errorCode: ErrorCode;

  constructor(errorCode: ErrorCode, message: string) {
    super(message);
    this.errorCode = errorCode;
  }
}
