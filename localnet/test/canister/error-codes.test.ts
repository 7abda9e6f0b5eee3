import assert from "node:assert/strict";
import { test } from "node:test";
import { errorCodes, reject } from "../../src/canister/trap.ts";

/** The platform's table. @source dfinity/ic rs/types/error_types/src/lib.rs, ErrorCode */
const platform = {
  CanisterQueueFull: 201,
  IngressMessageTimeout: 202,
  CanisterOutOfCycles: 207,
  CanisterNotFound: 301,
  CanisterSnapshotNotFound: 305,
  InsufficientCyclesForCreateCanister: 403,
  CanisterRejectedMessage: 406,
  InvalidManagementPayload: 408,
  CanisterSnapshotImmutable: 409,
  CanisterTrapped: 502,
  CanisterCalledTrap: 503,
  CanisterContractViolation: 504,
  CanisterInvalidWasm: 505,
  CanisterDidNotReply: 506,
  CanisterOutOfMemory: 507,
  CanisterStopped: 508,
  CanisterStopping: 509,
  CanisterNotStopped: 510,
  CanisterStoppingCancelled: 511,
  CanisterInvalidController: 512,
  CanisterNonEmpty: 514,
  InsufficientCyclesInCall: 520,
  CanisterWasmEngineError: 521,
  CanisterInstructionLimitExceeded: 522,
  QueryCallGraphTooDeep: 525,
  QueryCallGraphTotalInstructionLimitExceeded: 526,
  CompositeQueryCalledInReplicatedMode: 527,
  CanisterMethodNotFound: 536,
  CanisterWasmModuleNotFound: 537,
  CanisterAlreadyInstalled: 538,
  CanisterWasmMemoryLimitExceeded: 539,
  DeadlineExpired: 601,
};

/** What the platform calls what the local network uses. */
const names: Record<keyof typeof errorCodes, keyof typeof platform> = {
  queueFull: "CanisterQueueFull",
  replicaStopped: "IngressMessageTimeout",
  outOfCycles: "CanisterOutOfCycles",
  canisterNotFound: "CanisterNotFound",
  snapshotNotFound: "CanisterSnapshotNotFound",
  insufficientForCreation: "InsufficientCyclesForCreateCanister",
  canisterRejected: "CanisterRejectedMessage",
  invalidManagementPayload: "InvalidManagementPayload",
  snapshotImmutable: "CanisterSnapshotImmutable",
  trapped: "CanisterTrapped",
  calledTrap: "CanisterCalledTrap",
  contractViolation: "CanisterContractViolation",
  invalidWasm: "CanisterInvalidWasm",
  didNotReply: "CanisterDidNotReply",
  outOfMemory: "CanisterOutOfMemory",
  stopped: "CanisterStopped",
  stopping: "CanisterStopping",
  notStopped: "CanisterNotStopped",
  stoppingCancelled: "CanisterStoppingCancelled",
  invalidController: "CanisterInvalidController",
  nonEmpty: "CanisterNonEmpty",
  insufficientCycles: "InsufficientCyclesInCall",
  engineError: "CanisterWasmEngineError",
  instructionLimit: "CanisterInstructionLimitExceeded",
  callGraphTooDeep: "QueryCallGraphTooDeep",
  callGraphInstructionLimit: "QueryCallGraphTotalInstructionLimitExceeded",
  compositeQueryInReplicatedMode: "CompositeQueryCalledInReplicatedMode",
  methodNotFound: "CanisterMethodNotFound",
  moduleNotFound: "CanisterWasmModuleNotFound",
  alreadyInstalled: "CanisterAlreadyInstalled",
  memoryLimit: "CanisterWasmMemoryLimitExceeded",
  deadlineExpired: "DeadlineExpired",
};

test("every error has the platform's code, whose first digit is the reject code", () => {
  const expected = Object.entries(names).map(([name, platformName]) => [name, platform[platformName]]);
  const actual = Object.entries(errorCodes).map(([name, code]) => [name, Number(code.slice(2))]);
  assert.deepEqual(Object.fromEntries(actual), Object.fromEntries(expected));
  for (const code of Object.values(errorCodes)) {
    assert.equal(reject(code, "").code, Math.floor(Number(code.slice(2)) / 100));
  }
});
