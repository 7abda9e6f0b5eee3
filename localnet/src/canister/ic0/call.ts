import type { OutgoingCall } from "../execution.ts";
import { contractViolation, errorCodes, Trap } from "../trap.ts";
import { type Address, amountOf, type Imports, type Machine, readBytes, readText } from "./machine.ts";

/** Largest argument in bytes. @source Internet Computer resource limits: requests on the same subnet */
const largestArgument = 10 * 1024 * 1024;

/** Longest bound of a best-effort call, seconds. @source IC interface specification */
const longestTimeout = 300;

/** The reject code that call_perform returns when the call cannot be made. */
const sysTransient = 2;

type Name =
  | "call_new"
  | "call_on_cleanup"
  | "call_data_append"
  | "call_cycles_add128"
  | "call_with_best_effort_response"
  | "call_perform";

interface Draft {
  execution: Machine["execution"];
  call: OutgoingCall;
  parts: Uint8Array[];
  size: number;
}

/** The part of the system API that calls other canisters. */
export function callImports(machine: Machine): Imports<Name> {
  let draft: Draft | undefined;
  const open = (name: Name): Draft => {
    if (draft?.execution !== machine.execution) {
      throw contractViolation(`ic0.${name} called when no call is under construction`);
    }
    return draft;
  };
  return {
    call_new: (
      callee: Address,
      calleeLength: Address,
      method: Address,
      methodLength: Address,
      reply: Address,
      replyEnvironment: Address,
      reject: Address,
      rejectEnvironment: Address,
    ) => {
      draft = {
        execution: machine.execution,
        parts: [],
        size: 0,
        call: {
          callee: readBytes(machine, callee, calleeLength),
          method: readText(machine, method, methodLength),
          arg: new Uint8Array(),
          cycles: 0n,
          prepaid: 0n,
          fee: 0n,
          onReply: { index: reply, environment: replyEnvironment },
          onReject: { index: reject, environment: rejectEnvironment },
          onCleanup: undefined,
          timeout: undefined,
        },
      };
    },
    call_on_cleanup: (index: Address, environment: Address) => {
      const { call } = open("call_on_cleanup");
      if (call.onCleanup) throw contractViolation("ic0.call_on_cleanup can be called at most once");
      call.onCleanup = { index, environment };
    },
    call_data_append: (pointer: Address, length: Address) => {
      const current = open("call_data_append");
      const part = readBytes(machine, pointer, length);
      current.size += part.length;
      if (current.size > largestArgument) {
        throw contractViolation(`ic0.call_data_append: the argument is larger than ${largestArgument} bytes`);
      }
      current.parts.push(part);
    },
    call_cycles_add128: (high: bigint, low: bigint) => {
      const { call } = open("call_cycles_add128");
      const amount = amountOf(high, low);
      if (amount > cyclesHeld(machine) - call.cycles) {
        throw new Trap(
          errorCodes.insufficientCycles,
          `Canister has not the ${amount} cycles that it attaches`,
        );
      }
      call.cycles += amount;
    },
    call_with_best_effort_response: (seconds: number) => {
      const { call } = open("call_with_best_effort_response");
      if (call.timeout !== undefined) {
        throw contractViolation("ic0.call_with_best_effort_response can be called at most once");
      }
      call.timeout = Math.min(seconds >>> 0, longestTimeout);
    },
    call_perform: () => {
      const { call, parts } = open("call_perform");
      draft = undefined;
      const { tariff, journal, room } = machine.execution;
      // "the output queue is full": likewise.
      if (toSame(journal.calls, call) >= room(call.callee)) return sysTransient;
      call.arg = parts.length === 1 ? parts[0]! : new Uint8Array(Buffer.concat(parts));
      call.prepaid = tariff.prepaid;
      call.fee = tariff.fee(call.arg.length + call.method.length);
      // "the caller has not enough cycles": the call is not made, its cycles stay.
      if (cyclesHeld(machine) - call.cycles - call.prepaid - call.fee < tariff.reserve) return sysTransient;
      journal.calls.push(call);
      return 0;
    },
  };
}

function toSame(calls: readonly OutgoingCall[], { callee }: OutgoingCall): number {
  return calls.reduce((count, call) => count + (Buffer.compare(call.callee, callee) === 0 ? 1 : 0), 0);
}

/** The canister's balance as the message sees it. */
export function cyclesHeld({ execution: { facts, journal } }: Machine): bigint {
  const held = facts.cycles + journal.cyclesAccepted - journal.cyclesBurned;
  return journal.calls.reduce((left, { cycles, prepaid, fee }) => left - cycles - prepaid - fee, held);
}
