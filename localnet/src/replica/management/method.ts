import type { Principal } from "@dfinity/principal";
import type { Canister } from "../../canister/canister.ts";
import { errorCodes, type Rejection } from "../../canister/trap.ts";
import type { Origin } from "../call-context.ts";
import type { CanisterRegistry } from "../canister-registry.ts";
import type { InstructionLimits } from "../instruction-limits.ts";
import type { Query } from "../query.ts";
import type { Executed, Scheduler } from "../scheduler.ts";
import type { SubnetList } from "../subnet-list.ts";
import type { CallResult } from "../types.ts";
import type { Arguments, MethodName } from "./interface.ts";
import type { OutcallPolicy } from "./outcall-interface.ts";
import { Refusal } from "./refusal.ts";

export interface ManagementParts {
  registry: CanisterRegistry;
  subnets: SubnetList;
  limits: InstructionLimits;
  /** Nanoseconds since 1970. */
  now: () => bigint;
  scheduler: () => Scheduler;
  /** Charges a canister for the time until now. */
  charge: (canister: Canister) => void;
  outcalls: OutcallPolicy;
  /** Runs a query of a canister, for itself. */
  query: (query: Omit<Query, "dataCertificate">) => CallResult;
  /** Aborts outcalls when the replica stops. */
  signal: AbortSignal;
  /** Called with the cost of installing code. */
  onExecuted: (execution: Executed) => void;
}

export interface ManagementCall {
  origin: Origin["kind"];
  caller: Uint8Array;
  method: string;
  arg: Uint8Array;
  cycles: bigint;
  /** Of a call from outside: where it was sent. */
  effectiveCanisterId?: Uint8Array | undefined;
}

/** The values of a reply or a rejection, and the cycles that are kept. */
export type Outcome = ({ reply: unknown[] } | { rejection: Rejection }) & { kept?: bigint };

/** The result of a method: immediate or later. */
export type Result = Outcome | { later: (settle: (outcome: Outcome) => void) => void };

export interface Method<Name extends MethodName> {
  /** Who may call: `controllers` and `controllersOrSelf` are those of the canister that the argument names. */
  callers: "anyone" | "canisters" | "controllers" | "controllersOrSelf";
  /** The setting that lets others call as well. */
  visibleTo?: "snapshotVisibility" | "statusVisibility";
  run: (arg: Arguments[Name], call: ManagementCall) => Result;
}

export const done = { reply: [] } as const satisfies Outcome;

/** @throws Refusal */
export function find(registry: CanisterRegistry, id: Principal): Canister {
  const canister = registry.get(id.toUint8Array());
  if (!canister) throw new Refusal(errorCodes.canisterNotFound, `Canister ${id.toText()} not found`);
  return canister;
}
