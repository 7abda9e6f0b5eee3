import { Principal } from "@dfinity/principal";
import type { CallResult, RejectCode } from "../replica/types.ts";

export type Rejection = Extract<CallResult, { status: "rejected" }>;

/**
 * The error codes that the local network uses; the first digit is the reject code.
 * @source dfinity/ic rs/types/error_types, ErrorCode
 */
export const errorCodes = {
  queueFull: "IC0201",
  replicaStopped: "IC0202",
  outOfCycles: "IC0207",
  canisterNotFound: "IC0301",
  snapshotNotFound: "IC0305",
  insufficientForCreation: "IC0403",
  canisterRejected: "IC0406",
  invalidManagementPayload: "IC0408",
  snapshotImmutable: "IC0409",
  trapped: "IC0502",
  calledTrap: "IC0503",
  contractViolation: "IC0504",
  invalidWasm: "IC0505",
  didNotReply: "IC0506",
  outOfMemory: "IC0507",
  stopped: "IC0508",
  stopping: "IC0509",
  notStopped: "IC0510",
  stoppingCancelled: "IC0511",
  invalidController: "IC0512",
  nonEmpty: "IC0514",
  insufficientCycles: "IC0520",
  engineError: "IC0521",
  instructionLimit: "IC0522",
  callGraphTooDeep: "IC0525",
  callGraphInstructionLimit: "IC0526",
  compositeQueryInReplicatedMode: "IC0527",
  methodNotFound: "IC0536",
  moduleNotFound: "IC0537",
  alreadyInstalled: "IC0538",
  memoryLimit: "IC0539",
  deadlineExpired: "IC0601",
} as const;

export type ErrorCode = (typeof errorCodes)[keyof typeof errorCodes];

/** Ends a message: its changes are undone and its caller is rejected. */
export class Trap extends Error {
  override readonly name = "Trap";
  readonly errorCode: ErrorCode;

  constructor(errorCode: ErrorCode, message: string) {
    super(message);
    this.errorCode = errorCode;
  }
}

/** A trap of the code itself, as the platform words it. */
export function trapped(what: string): Trap {
  return new Trap(errorCodes.trapped, `Canister trapped: ${what}`);
}

export function contractViolation(what: string): Trap {
  return new Trap(errorCodes.contractViolation, `Canister violated contract: ${what}`);
}

export function instructionLimitExceeded(limit: bigint): Trap {
  return new Trap(
    errorCodes.instructionLimit,
    `Canister exceeded the limit of ${limit} instructions for single message execution.`,
  );
}

/** V8's wording of a Wasm trap, and the platform's. */
const engineTraps: readonly (readonly [RegExp, string])[] = [
  [/^unreachable/, "unreachable"],
  [/memory access out of bounds|array buffer|data segment.*out of bounds/i, "heap out of bounds"],
  [/divide by zero|remainder by zero/, "integer divide by 0"],
  [/divide result unrepresentable/, "integer overflow"],
  [/float unrepresentable/, "bad conversion to integer"],
  [/table index is out of bounds|table access out of bounds|element segment/, "table out of bounds"],
  [/null function/, "indirect call to null"],
  [/signature mismatch/, "bad signature"],
];

/** The trap that a thrown value stands for. An unexpected error ends the message, too, and is named in the trap. */
export function trapOf(thrown: unknown): Trap {
  if (thrown instanceof Trap) return thrown;
  if (thrown instanceof RangeError && /call stack/.test(thrown.message)) return trapped("stack overflow");
  if (thrown instanceof WebAssembly.RuntimeError) {
    const known = engineTraps.find(([pattern]) => pattern.test(thrown.message));
    return trapped(known?.[1] ?? thrown.message);
  }
  return new Trap(errorCodes.engineError, `Canister encountered a Wasm engine error: ${thrown}`);
}

export function reject(errorCode: ErrorCode, message: string): Rejection {
  return { status: "rejected", code: Number(errorCode[3]) as RejectCode, message, errorCode };
}

export function rejectionOf(trap: Trap, canister: Uint8Array): Rejection {
  return reject(trap.errorCode, `Error from Canister ${textOf(canister)}: ${trap.message}`);
}

/** The text form of a principal. */
export function textOf(principal: Uint8Array): string {
  return Principal.fromUint8Array(principal).toText();
}
