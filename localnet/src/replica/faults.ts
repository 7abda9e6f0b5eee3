import type { Rejection } from "../canister/trap.ts";
import { errorCodes, reject, textOf } from "../canister/trap.ts";
import type { Request } from "./call-context.ts";

/** Which requests a fault affects: those that match all given fields. Ids are texts of principals. */
export interface FaultMatch {
  caller?: string;
  callee?: string;
  method?: string;
  /** Requests from outside, or between canisters. */
  origin?: "ingress" | "call";
}

/** A fault for matching requests. */
export type Fault = FaultMatch & {
  /** How many requests it affects; all of them when absent. */
  times?: number;
} & (
    | { kind: "reject"; message?: string }
    /** The request or its response is lost: a bounded call gets SYS_UNKNOWN, any other call gets no response. */
    | { kind: "drop"; what: "request" | "reply" }
    | { kind: "delay"; milliseconds: number }
  );

/** What to do with a request. */
export type Fate =
  | { kind: "deliver" }
  | { kind: "reject"; rejection: Rejection }
  | { kind: "drop"; what: "request" | "reply" }
  | { kind: "delay"; milliseconds: number };

/** The pending faults, in the order of injection: the first that matches a request applies to it. */
export class Faults {
  #faults: (Fault & { left: number })[] = [];

  inject(fault: Fault): void {
    this.#faults.push({ ...fault, left: fault.times ?? Number.POSITIVE_INFINITY });
  }

  clear(): void {
    this.#faults = [];
  }

  fateOf(request: Request): Fate {
    const fault = this.#faults.find((fault) => fits(fault, request));
    if (!fault) return { kind: "deliver" };
    fault.left -= 1;
    if (fault.left === 0) this.#faults = this.#faults.filter((other) => other !== fault);
    if (fault.kind === "delay") return { kind: "delay", milliseconds: fault.milliseconds };
    if (fault.kind === "drop") return { kind: "drop", what: fault.what };
    const message = fault.message ?? "The request was refused by an injected fault.";
    return { kind: "reject", rejection: reject(errorCodes.queueFull, message) };
  }
}

function fits({ caller, callee, method, origin }: FaultMatch, request: Request): boolean {
  return (
    (caller === undefined || caller === textOf(request.caller)) &&
    (callee === undefined || callee === textOf(request.callee)) &&
    (method === undefined || method === request.method) &&
    (origin === undefined || origin === request.origin.kind)
  );
}
