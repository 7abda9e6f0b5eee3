import type { ByteReader } from "./byte-reader.ts";
import { InvalidWasm } from "./invalid-wasm.ts";
import { opcodes as op, prefixed } from "./opcodes.ts";

export interface Instruction {
  opcode: number;
  /** What follows the 0xfc prefix, else 0. */
  sub: number;
  start: number;
  end: number;
  /** The constant offset of a load or store, else 0. */
  offset: number;
}

/**
 * Decodes a function body, its local declarations already read.
 * @throws InvalidWasm naming the first unsupported instruction
 */
export function readInstructions(reader: ByteReader): Instruction[] {
  const instructions: Instruction[] = [];
  while (!reader.done) {
    const start = reader.position;
    const opcode = reader.byte();
    const sub = opcode === op.prefixed ? reader.unsigned() : 0;
    const offset = readImmediates(reader, opcode, sub);
    instructions.push({ opcode, sub, start, end: reader.position, offset });
  }
  return instructions;
}

/** Skips the immediates; returns the constant offset of a memory access. */
function readImmediates(reader: ByteReader, opcode: number, sub: number): number {
  if (opcode >= op.firstLoad && opcode <= op.lastStore) return readMemoryArgument(reader);
  if (opcode > op.f64Const && opcode <= op.lastNumeric) return 0;
  if (opcode >= op.localGet && opcode <= op.tableSet) {
    reader.skipLeb();
    return 0;
  }
  switch (opcode) {
    case op.unreachable:
    case 0x01: // nop
    case op.else:
    case op.end:
    case op.return:
    case 0x1a: // drop
    case 0x1b: // select
    case op.refIsNull:
      return 0;
    case op.block:
    case op.loop:
    case op.if:
    case op.br:
    case op.brIf:
    case op.call:
    case op.returnCall:
    case op.memorySize:
    case op.memoryGrow:
    case op.i32Const:
    case op.i64Const:
    case op.refFunc:
      reader.skipLeb();
      return 0;
    case op.callIndirect:
    case op.returnCallIndirect:
      reader.skipLeb();
      reader.skipLeb();
      return 0;
    case op.brTable:
      for (let count = reader.unsigned() + 1; count > 0; count--) reader.skipLeb();
      return 0;
    case op.selectTyped:
      reader.skip(reader.unsigned());
      return 0;
    case op.f32Const:
      reader.skip(4);
      return 0;
    case op.f64Const:
      reader.skip(8);
      return 0;
    case op.refNull:
      reader.skip(1);
      return 0;
    case op.prefixed:
      readPrefixedImmediates(reader, sub);
      return 0;
    default:
      throw new InvalidWasm(`${featureOf(opcode)} not supported`);
  }
}

function readMemoryArgument(reader: ByteReader): number {
  // Bit 6 of the alignment means that the index of another memory follows.
  if (reader.unsigned() & 0x40) throw new InvalidWasm("a second memory is not supported");
  return reader.unsigned();
}

function readPrefixedImmediates(reader: ByteReader, sub: number): void {
  if (sub <= prefixed.lastConversion) return;
  if (sub > prefixed.tableFill) throw new InvalidWasm(`instruction 0xfc ${sub} is not supported`);
  const two: number[] = [prefixed.memoryInit, prefixed.memoryCopy, prefixed.tableInit, prefixed.tableCopy];
  reader.skipLeb();
  if (two.includes(sub)) reader.skipLeb();
}

function featureOf(opcode: number): string {
  if (opcode === 0xfd) return "SIMD is";
  if (opcode === 0xfe) return "threads are";
  if (opcode === 0xfb) return "garbage-collected types are";
  if ([0x06, 0x07, 0x08, 0x09, 0x0a, 0x18, 0x19, 0x1f].includes(opcode)) return "exceptions are";
  return `instruction 0x${opcode.toString(16)} is`;
}
