import { costOf } from "./costs.ts";
import type { Instruction } from "./instructions.ts";
import type { AddressType } from "./module.ts";
import { opcodes as op } from "./opcodes.ts";

/** Pays for the straight run of instructions that follows. */
export interface Charge {
  cost: number;
  /** `checked` where code can come again (function start, loop start): the only places where limits must bite. */
  kind: "checked" | "unchecked";
}

const endsRun = new Set<number>([
  op.unreachable,
  op.if,
  op.else,
  op.end,
  op.br,
  op.brIf,
  op.brTable,
  op.return,
  op.returnCall,
  op.returnCallIndirect,
]);

/**
 * Where a function body must pay, by index of the instruction before which the charge stands.
 * A function costs 1 to enter; a run is paid for when it begins.
 * @source dfinity/ic rs/embedders/src/wasm_utils/instrumentation.rs, injections
 */
export function charges(body: readonly Instruction[], address: AddressType): Map<number, Charge> {
  const found = new Map<number, Charge>();
  let position = 0;
  let charge: Charge = { cost: 1, kind: "checked" };
  const close = (next: number, kind: Charge["kind"]) => {
    if (charge.cost > 0 || charge.kind === "checked") found.set(position, charge);
    position = next;
    charge = { cost: 0, kind };
  };
  for (let index = 0; index < body.length; index++) {
    const { opcode, sub } = body[index]!;
    charge.cost += costOf(opcode, sub, address);
    if (opcode === op.loop) close(index + 1, "checked");
    else if (endsRun.has(opcode)) close(index + 1, "unchecked");
  }
  return found;
}
