import type { ErrorCode } from "../../canister/trap.ts";

/** The management canister says no. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly errorCode: ErrorCode;

  constructor(errorCode: ErrorCode, message: string) {
    super(message);
    this.errorCode = errorCode;
  }
}
