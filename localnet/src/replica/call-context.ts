import type { Closure } from "../canister/execution.ts";
import type { CallResult } from "./types.ts";

/** Between whom a message goes. */
export interface Route {
  caller: Uint8Array;
  callee: Uint8Array;
  method: string;
}

/** Who waits for a call's answer. */
export type Origin =
  | {
      kind: "ingress";
      route: Route;
      effectiveCanisterId: Uint8Array | undefined;
      respond: (result: CallResult) => void;
    }
  | { kind: "call"; callback: Callback }
  | { kind: "task" };

/** A call on its way through a canister, from its first message to its last callback. */
export interface CallContext {
  canister: Uint8Array;
  origin: Origin;
  caller: Uint8Array;
  /** Nanoseconds since 1970; 0 for a call without a bound. */
  deadline: bigint;
  state: "open" | "answered" | "deleted";
  /** Calls made whose callbacks have not run yet. */
  outstanding: number;
  /** Cycles that came with the call and are not accepted yet; they go back with the answer. */
  cyclesAvailable: bigint;
  instructions: bigint;
}

/** What happens in a caller when the call that it made is answered. */
export interface Callback {
  context: CallContext;
  route: Route;
  onReply: Closure;
  onReject: Closure;
  onCleanup: Closure | undefined;
  /** What the caller has paid in advance for the reply and its callback. */
  prepaid: bigint;
  state: "waiting" | "settled";
  /** Nanoseconds since 1970; 0 for a call without a bound. */
  deadline: bigint;
  /** Answers SYS_UNKNOWN when a bounded call has waited long enough. */
  timeout: NodeJS.Timeout | undefined;
}

/** A call to be executed, from outside or from a canister. */
export interface Request {
  kind: "request";
  origin: Origin;
  caller: Uint8Array;
  callee: Uint8Array;
  method: string;
  arg: Uint8Array;
  cycles: bigint;
  /** Nanoseconds since 1970; 0 for a call without a bound. */
  deadline: bigint;
}

export interface Response {
  kind: "response";
  callback: Callback;
  result: CallResult;
  refund: bigint;
}

export interface Task {
  kind: "task";
  canister: Uint8Array;
  entry: "canister_global_timer" | "canister_heartbeat" | "canister_on_low_wasm_memory";
}

export type QueuedMessage = Request | Response | Task;
