import { isReplicated } from "../context.ts";
import { contractViolation, errorCodes, Trap } from "../trap.ts";
import { cyclesHeld } from "./call.ts";
import {
  type Address,
  amountOf,
  copyOut,
  type Imports,
  type Machine,
  readBytes,
  readText,
  writeAmount,
} from "./machine.ts";

type Name =
  | `canister_self_${"size" | "copy"}`
  | "canister_cycle_balance128"
  | "canister_liquid_cycle_balance128"
  | "cycles_burn128"
  | "canister_status"
  | "canister_version"
  | "is_controller"
  | "in_replicated_execution"
  | "certified_data_set"
  | `data_certificate_${"present" | "size" | "copy"}`
  | "time"
  | "global_timer_set"
  | "performance_counter"
  | "debug_print"
  | "trap";

/** @source IC interface specification, ic0.canister_status */
const statusNumbers = { running: 1, stopping: 2, stopped: 3 } as const;

const largestCertifiedData = 32;

/** The part of the system API about the canister itself and the world. */
export function systemImports(machine: Machine): Imports<Name> {
  const facts = () => machine.execution.facts;
  const certificate = (): Uint8Array => {
    const { dataCertificate } = machine.execution.input;
    if (!dataCertificate) throw contractViolation("ic0.data_certificate: there is no certificate");
    return dataCertificate;
  };
  const liquid = () => {
    const left = cyclesHeld(machine) - machine.execution.tariff.reserve;
    return left > 0n ? left : 0n;
  };
  return {
    canister_self_size: () => machine.address(facts().id.length),
    canister_self_copy: (pointer: Address, offset: Address, length: Address) =>
      copyOut(machine, facts().id, pointer, offset, length),
    canister_cycle_balance128: (pointer: Address) => writeAmount(machine, pointer, cyclesHeld(machine)),
    canister_liquid_cycle_balance128: (pointer: Address) => writeAmount(machine, pointer, liquid()),
    cycles_burn128: (high: bigint, low: bigint, pointer: Address) => {
      const wanted = amountOf(high, low);
      const burned = wanted < liquid() ? wanted : liquid();
      machine.execution.journal.cyclesBurned += burned;
      writeAmount(machine, pointer, burned);
    },
    canister_status: () => statusNumbers[facts().status],
    canister_version: () => facts().version,
    is_controller: (pointer: Address, length: Address) => {
      const principal = readBytes(machine, pointer, length);
      return facts().controllers.some((controller) => Buffer.compare(controller, principal) === 0) ? 1 : 0;
    },
    in_replicated_execution: () => (isReplicated(machine.execution.context) ? 1 : 0),
    certified_data_set: (pointer: Address, length: Address) => {
      const data = readBytes(machine, pointer, length);
      if (data.length > largestCertifiedData) {
        throw contractViolation(`ic0.certified_data_set: more than ${largestCertifiedData} bytes`);
      }
      machine.execution.journal.certifiedData = data;
    },
    data_certificate_present: () => (machine.execution.input.dataCertificate ? 1 : 0),
    data_certificate_size: () => machine.address(certificate().length),
    data_certificate_copy: (pointer: Address, offset: Address, length: Address) =>
      copyOut(machine, certificate(), pointer, offset, length),
    time: () => machine.execution.time,
    global_timer_set: (timestamp: bigint) => {
      const { journal } = machine.execution;
      const before = journal.globalTimer ?? facts().globalTimer;
      journal.globalTimer = BigInt.asUintN(64, timestamp);
      return before;
    },
    performance_counter: (type: number) => {
      const { spent, instructionsBefore } = machine.execution;
      const used = spent + machine.used();
      if (type === 0) return used;
      if (type === 1) return used + instructionsBefore;
      throw contractViolation(`ic0.performance_counter: there is no counter ${type}`);
    },
    debug_print: (pointer: Address, length: Address) => {
      const { journal, time } = machine.execution;
      journal.logs.push({ timestamp: time, content: readBytes(machine, pointer, length) });
    },
    trap: (pointer: Address, length: Address) => {
      const message = readText(machine, pointer, length);
      throw new Trap(errorCodes.calledTrap, `Canister called \`ic0.trap\` with message: '${message}'`);
    },
  };
}
