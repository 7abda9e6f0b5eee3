import { ByteWriter } from "./byte-writer.ts";
import type { AddressType, DataSegment } from "./module.ts";
import { dirtyPageBits } from "./names.ts";
import { emptyBlock, opcodes as op, prefixed, valueTypes } from "./opcodes.ts";

/** Indices of the functions that the pass adds. */
export interface HelperFunctions {
  /** (i64) -> i64: charges that many instructions and returns the number. */
  charge: number;
  /** (address i64, length i64): marks the pages of a bulk store. */
  mark: number;
  /** (pages) -> old size or -1, of the address type: `memory.grow` on the virtual size. */
  grow: number;
  /** (): copies the active data segments into place. */
  data: number;
}

interface Surroundings {
  address: AddressType;
  counter: number;
  size: number;
  helpers: HelperFunctions;
}

const functionType = 0x60;

/** The types of the helpers, in the order of their indices. */
export function helperTypes(address: AddressType): Uint8Array {
  const { i64, [address]: pointer } = valueTypes;
  return new ByteWriter()
    .bytes([functionType, 1, i64, 1, i64])
    .bytes([functionType, 2, i64, i64, 0])
    .bytes([functionType, 1, pointer, 1, pointer])
    .bytes([functionType, 0, 0])
    .written();
}

/** The bodies of the helpers, in the order of their indices. */
export function helperBodies(
  around: Surroundings,
  data: readonly DataSegment[],
  maximum: number,
): Uint8Array[] {
  return [charge(around), mark(), grow(around, maximum), copyData(around, data)];
}

/** Traps when the counter has fallen below zero. */
export function writeLimitCheck(writer: ByteWriter, counter: number): void {
  writer.byte(op.globalGet).unsigned(counter).bytes([op.i64Const, 0, op.i64LtS]);
  writer.bytes([op.if, emptyBlock, op.unreachable, op.end]);
}

function charge({ counter }: Surroundings): Uint8Array {
  const body = new ByteWriter().byte(0);
  body.byte(op.globalGet).unsigned(counter);
  body.bytes([op.localGet, 0, op.i64Sub]);
  body.byte(op.globalSet).unsigned(counter);
  writeLimitCheck(body, counter);
  return body.bytes([op.localGet, 0, op.end]).written();
}

function mark(): Uint8Array {
  const [address, length, page] = [0, 1, 2];
  const shift = [op.i64Const, dirtyPageBits, op.i64ShrU];
  const body = new ByteWriter().bytes([1, 1, valueTypes.i64]);
  body.bytes([op.localGet, length, op.i64Eqz, op.if, emptyBlock, op.return, op.end]);
  body.bytes([op.localGet, address, ...shift, op.localSet, page]);
  // From here on `length` holds the last page.
  body.bytes([op.localGet, address, op.localGet, length, op.i64Add, op.i64Const, 1, op.i64Sub]);
  body.bytes([...shift, op.localSet, length]);
  body.bytes([op.loop, emptyBlock]);
  body.bytes([op.localGet, page, op.i32WrapI64, op.i32Const, 1, op.i32Store8, 0x40, 1, 0]);
  body.bytes([op.localGet, page, op.i64Const, 1, op.i64Add, op.localTee, page]);
  body.bytes([op.localGet, length, op.i64LeU, op.brIf, 0, op.end, op.end]);
  return body.written();
}

/**
 * In the engine, memory only grows; a rollback lowers just the virtual size and zeroes the pages beyond it,
 * so that growing again needs no new pages.
 */
function grow({ address, size }: Surroundings, maximum: number): Uint8Array {
  const wide = address === "i64";
  const [added, old, wanted] = [0, 1, 2];
  const [constant, add, sub] = wide
    ? [op.i64Const, op.i64Add, op.i64Sub]
    : [op.i32Const, op.i32Add, op.i32Sub];
  const [less, greater] = wide ? [op.i64LtU, op.i64GtU] : [op.i32LtU, op.i32GtU];
  const refuse = [op.if, emptyBlock, constant, 0x7f, op.return, op.end];
  const body = new ByteWriter().bytes([1, 2, valueTypes[address]]);
  body.byte(op.globalGet).unsigned(size).bytes([op.localTee, old]);
  body.bytes([op.localGet, added, add, op.localTee, wanted, op.localGet, old, less, ...refuse]);
  body
    .bytes([op.localGet, wanted, constant])
    .signed(maximum)
    .bytes([greater, ...refuse]);
  body.bytes([op.localGet, wanted, op.memorySize, 0, greater, op.if, emptyBlock]);
  body.bytes([op.localGet, wanted, op.memorySize, 0, sub, op.memoryGrow, 0]);
  body.bytes([constant, 0x7f, wide ? 0x51 : 0x46, ...refuse, op.end]);
  body.bytes([op.localGet, wanted]).byte(op.globalSet).unsigned(size);
  return body.bytes([op.localGet, old, op.end]).written();
}

function copyData({ address, helpers }: Surroundings, data: readonly DataSegment[]): Uint8Array {
  const body = new ByteWriter().byte(0);
  for (const [index, { offset, content }] of data.entries()) {
    if (!offset) continue;
    body.bytes(offset);
    if (address === "i32") body.byte(op.i64ExtendI32U);
    body.byte(op.i64Const).signed(content.length).byte(op.call).unsigned(helpers.mark);
    body.bytes(offset).bytes([op.i32Const, 0]).byte(op.i32Const).signed(content.length);
    body.bytes([op.prefixed, prefixed.memoryInit]).unsigned(index).byte(0);
    body.bytes([op.prefixed, prefixed.dataDrop]).unsigned(index);
  }
  return body.byte(op.end).written();
}
