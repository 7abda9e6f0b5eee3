import { costOf } from "./costs.ts";
import type { Instruction } from "./instructions.ts";
import type { AddressType } from "./module.ts";
import { opcodes as op } from "./opcodes.ts";

/** A charge for the run of instructions up to the next branch. */
export interface Charge {
  cost: number;
  /** `checked` where code can run again (function start, loop start); only there the limit must be checked. */
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
 * Where a function body is charged, by the index of the instruction that follows the charge.
 * Entering a function costs 1; a run of instructions is charged before it begins.
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
