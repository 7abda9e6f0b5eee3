import type { Closure } from "../canister/execution.ts";
import type { CallResult } from "./types.ts";

/** The sender and recipient of a message. */
export interface Route {
  caller: Uint8Array;
  callee: Uint8Array;
  method: string;
}

/** The recipient of a call's response. */
export type Origin =
  | {
      kind: "ingress";
      route: Route;
      effectiveCanisterId: Uint8Array | undefined;
      respond: (result: CallResult) => void;
    }
  | { kind: "call"; callback: Callback }
  | { kind: "task" };

/** A call that a canister executes, from its first message to its last callback. */
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

/** What runs in the caller when its call is answered. */
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
  /** Responds SYS_UNKNOWN when a bounded call times out. */
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
