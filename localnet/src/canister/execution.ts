import type { CallResult } from "../replica/types.ts";
import type { Context } from "./context.ts";
import type { StableOverlay } from "./stable-memory.ts";
import type { Rejection } from "./trap.ts";

/** A function of the canister's table with its argument; both are of the table's and memory's address types. */
export interface Closure {
  index: number | bigint;
  environment: number | bigint;
}

/** A call that a message makes; it is sent when the message commits. */
export interface OutgoingCall {
  callee: Uint8Array;
  method: string;
  arg: Uint8Array;
  cycles: bigint;
  /** Cycles held back for the reply's bytes and the callback's execution; the rest is returned with the reply. */
  prepaid: bigint;
  /** Cycles for the request itself. */
  fee: bigint;
  onReply: Closure;
  onReject: Closure;
  onCleanup: Closure | undefined;
  /** Seconds after which SYS_UNKNOWN may be the answer; undefined for a guaranteed response. */
  timeout: number | undefined;
}

export interface LogLine {
  /** Nanoseconds since 1970. */
  timestamp: bigint;
  content: Uint8Array;
}

/** The effects of a message outside its memories; only logs are kept when the message traps. */
export interface Journal {
  response: CallResult | undefined;
  calls: OutgoingCall[];
  certifiedData: Uint8Array | undefined;
  globalTimer: bigint | undefined;
  cyclesAccepted: bigint;
  /** Cycles that the code destroys. */
  cyclesBurned: bigint;
  logs: LogLine[];
  /** Set by accept_message. */
  accepted: "yes" | "no";
}

export function emptyJournal(): Journal {
  return {
    response: undefined,
    calls: [],
    certifiedData: undefined,
    globalTimer: undefined,
    cyclesAccepted: 0n,
    cyclesBurned: 0n,
    logs: [],
    accepted: "no",
  };
}

/** What a message was sent with. */
export interface Input {
  caller: Uint8Array;
  arg?: Uint8Array;
  rejection?: Rejection;
  /** The method to be called, in inspect_message. */
  method?: string;
  /** Nanoseconds since 1970; 0 or absent for a call without a bound. */
  deadline?: bigint;
  /** Cycles attached by the caller and not accepted yet. */
  cyclesAvailable?: bigint;
  /** Cycles that came back with a response. */
  cyclesRefunded?: bigint;
  dataCertificate?: Uint8Array | undefined;
  /** `answered` when the call context has its response already. */
  call?: "open" | "answered";
}

/** The canister's own facts as the message begins. */
export interface Facts {
  id: Uint8Array;
  controllers: readonly Uint8Array[];
  environmentVariables: readonly { name: string; value: string }[];
  cycles: bigint;
  status: "running" | "stopping" | "stopped";
  version: bigint;
  globalTimer: bigint;
}

/** What calls cost the message that makes them; nothing in queries. */
export interface Tariff {
  fee: (bytes: number) => bigint;
  /** Held back for each call. */
  prepaid: bigint;
  /** The minimum balance that must remain. */
  reserve: bigint;
}

/** How many more calls can be made to a canister; any number in queries. */
export type Room = (callee: Uint8Array) => number;

export const freeOfCharge: Tariff = { fee: () => 0n, prepaid: 0n, reserve: 0n };

/** One message while it runs. */
export interface Execution {
  context: Context;
  input: Input;
  facts: Facts;
  stable: StableOverlay;
  journal: Journal;
  tariff: Tariff;
  room: Room;
  /** Maximum number of instructions. */
  limit: bigint;
  /** Instructions of its earlier stages: an upgrade runs in several. */
  spent: bigint;
  /** Instructions that earlier messages of the same call took. */
  instructionsBefore: bigint;
  /** Nanoseconds since 1970. */
  time: bigint;
}
