import { isReplicated } from "../context.ts";
import { contractViolation, errorCodes, reject } from "../trap.ts";
import {
  type Address,
  amountOf,
  copyOut,
  type Imports,
  type Machine,
  readBytes,
  readText,
  unsigned,
  writeAmount,
} from "./machine.ts";

/** Largest replies in bytes. @source Internet Computer resource limits */
const largestReply = { replicated: 2 * 1024 * 1024, query: 3 * 1024 * 1024 } as const;

type Name =
  | `msg_${"arg_data" | "caller" | "reject_msg" | "method_name"}_${"size" | "copy"}`
  | `msg_cycles_${"available" | "accept" | "refunded"}128`
  | "msg_deadline"
  | "msg_reject_code"
  | "msg_reply_data_append"
  | "msg_reply"
  | "msg_reject"
  | "accept_message";

/** The part of the system API about the current message and its response. */
export function messageImports(machine: Machine): Imports<Name> {
  const input = () => machine.execution.input;
  const arg = () => input().arg ?? new Uint8Array();
  const text = (value: string | undefined) => new TextEncoder().encode(value ?? "");
  const rejectMessage = () => text(input().rejection?.message);
  const methodName = () => text(input().method);
  const size = (source: () => Uint8Array) => () => machine.address(source().length);
  const copy = (source: () => Uint8Array) => (pointer: Address, offset: Address, length: Address) =>
    copyOut(machine, source(), pointer, offset, length);
  const reply = new PendingReply();

  const mayAnswer = (): void => {
    const { journal } = machine.execution;
    if (input().call === "answered" || journal.response)
      throw contractViolation("the call is already replied");
  };
  const cyclesLeft = () => (input().cyclesAvailable ?? 0n) - machine.execution.journal.cyclesAccepted;

  return {
    msg_arg_data_size: size(arg),
    msg_arg_data_copy: copy(arg),
    msg_caller_size: size(() => input().caller),
    msg_caller_copy: copy(() => input().caller),
    msg_deadline: () => input().deadline ?? 0n,
    msg_reject_code: () => input().rejection?.code ?? 0,
    msg_reject_msg_size: size(rejectMessage),
    msg_reject_msg_copy: copy(rejectMessage),
    msg_method_name_size: size(methodName),
    msg_method_name_copy: copy(methodName),
    msg_reply_data_append: (pointer: Address, length: Address) => {
      mayAnswer();
      const limit = isReplicated(machine.execution.context) ? largestReply.replicated : largestReply.query;
      const total = reply.sizeIn(machine) + unsigned(length);
      if (total > limit) {
        throw contractViolation(
          `ic0.msg_reply_data_append: the reply of ${total} bytes is larger than ${limit}`,
        );
      }
      reply.append(machine, readBytes(machine, pointer, length));
    },
    msg_reply: () => {
      mayAnswer();
      machine.execution.journal.response = { status: "replied", reply: reply.take(machine) };
    },
    msg_reject: (pointer: Address, length: Address) => {
      mayAnswer();
      const message = readText(machine, pointer, length);
      machine.execution.journal.response = reject(errorCodes.canisterRejected, message);
    },
    msg_cycles_available128: (pointer: Address) => writeAmount(machine, pointer, cyclesLeft()),
    msg_cycles_accept128: (high: bigint, low: bigint, pointer: Address) => {
      const wanted = amountOf(high, low);
      const left = cyclesLeft();
      const accepted = wanted < left ? wanted : left;
      machine.execution.journal.cyclesAccepted += accepted;
      writeAmount(machine, pointer, accepted);
    },
    msg_cycles_refunded128: (pointer: Address) => writeAmount(machine, pointer, input().cyclesRefunded ?? 0n),
    accept_message: () => {
      const { journal } = machine.execution;
      if (journal.accepted === "yes") throw contractViolation("ic0.accept_message: already accepted");
      journal.accepted = "yes";
    },
  };
}

/** The reply under construction; it belongs to one message and is dropped when the next begins. */
class PendingReply {
  #execution: Machine["execution"] | undefined;
  #parts: Uint8Array[] = [];

  sizeIn(machine: Machine): number {
    return this.#partsOf(machine).reduce((sum, { length }) => sum + length, 0);
  }

  append(machine: Machine, part: Uint8Array): void {
    this.#partsOf(machine).push(part);
  }

  take(machine: Machine): Uint8Array {
    const parts = this.#partsOf(machine);
    return parts.length === 1 ? parts[0]! : new Uint8Array(Buffer.concat(parts));
  }

  #partsOf({ execution }: Machine): Uint8Array[] {
    if (this.#execution !== execution) {
      this.#execution = execution;
      this.#parts = [];
    }
    return this.#parts;
  }
}
