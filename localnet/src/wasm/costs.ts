import type { AddressType } from "./module.ts";
import { prefixed as sub } from "./opcodes.ts";

/** Costs by instruction; those not listed cost 1. Ranges are inclusive. */
const ranges: readonly (readonly [cost: number, from: number, to: number])[] = [
  [0, 0x02, 0x03], // block, loop
  [0, 0x05, 0x05], // else
  [0, 0x0b, 0x0b], // end
  [2, 0x04, 0x04], // if
  [2, 0x0c, 0x0e], // br, br_if, br_table
  [5, 0x10, 0x10], // call
  [10, 0x11, 0x11], // call_indirect
  [3, 0x12, 0x12], // return_call
  [60, 0x13, 0x13], // return_call_indirect
  [2, 0x23, 0x24], // global.get, global.set
  [5, 0x25, 0x26], // table.get, table.set
  [20, 0x3f, 0x3f], // memory.size
  [300, 0x40, 0x40], // memory.grow
  [3, 0x5b, 0x66], // float comparisons
  [10, 0x6d, 0x70], // i32 division and remainder
  [10, 0x7f, 0x82], // i64 division and remainder
  [2, 0x8d, 0x90], // f32 ceil, floor, trunc, nearest
  [5, 0x91, 0x91], // f32.sqrt
  [2, 0x92, 0x94], // f32 add, sub, mul
  [3, 0x95, 0x95], // f32.div
  [18, 0x96, 0x97], // f32 min, max
  [2, 0x98, 0x98], // f32.copysign
  [2, 0x9b, 0x9e], // f64 ceil, floor, trunc, nearest
  [8, 0x9f, 0x9f], // f64.sqrt
  [2, 0xa0, 0xa2], // f64 add, sub, mul
  [5, 0xa3, 0xa3], // f64.div
  [18, 0xa4, 0xa5], // f64 min, max
  [3, 0xa6, 0xa6], // f64.copysign
  [20, 0xa8, 0xab], // i32 from floats
  [20, 0xae, 0xb1], // i64 from floats
  [3, 0xb2, 0xba], // floats from integers, signed
  [16, 0xb3, 0xb3],
  [16, 0xb5, 0xb5],
  [1, 0xb6, 0xb6], // f32.demote
  [16, 0xb8, 0xb8],
  [16, 0xba, 0xba],
  [5, 0xd1, 0xd1], // ref.is_null
  [130, 0xd2, 0xd2], // ref.func
];

/** Loads and stores cost this: twice as much with 64-bit addresses, whose bounds are checked in code. */
const accessCosts = { i32: 1, i64: 2 } as const;

function tableFor(address: AddressType): Uint16Array {
  const table = new Uint16Array(256).fill(1);
  for (const [cost, from, to] of ranges) table.fill(cost, from, to + 1);
  return table.fill(accessCosts[address], 0x28, 0x3f);
}

const tables = { i32: tableFor("i32"), i64: tableFor("i64") };

/**
 * What one instruction costs on the platform.
 * Bulk operations also pay for their length when they run (`isBulk`).
 * @source dfinity/ic rs/embedders/src/wasm_utils/instrumentation.rs, instruction_to_cost
 */
export function costOf(opcode: number, prefix: number, address: AddressType): number {
  if (opcode !== 0xfc) return tables[address][opcode]!;
  if (prefix <= sub.lastConversion) return 20;
  const dear: number[] = [sub.dataDrop, sub.elementDrop, sub.tableGrow];
  return dear.includes(prefix) ? 300 : 100;
}

/** Whether an instruction also costs 1 for each byte or element that it moves. */
export function isBulk(prefix: number): boolean {
  const bulk: number[] = [
    sub.memoryInit,
    sub.memoryCopy,
    sub.memoryFill,
    sub.tableInit,
    sub.tableCopy,
    sub.tableFill,
  ];
  return bulk.includes(prefix);
}

/**
 * What a call into the system API costs besides its bytes; those not listed cost 500.
 * @source dfinity/ic rs/embedders/src/wasmtime_embedder/system_api_complexity.rs
 */
export const systemCosts: Readonly<Record<string, number>> = {
  call_new: 1500,
  call_perform: 5000,
  debug_print: 100,
  is_controller: 1000,
  performance_counter: 200,
  stable64_grow: 100,
  stable64_read: 20,
  stable64_size: 20,
  stable64_write: 20,
};
