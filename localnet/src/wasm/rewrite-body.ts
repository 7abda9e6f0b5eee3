import type { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { isBulk } from "./costs.ts";
import { type HelperFunctions, writeLimitCheck } from "./helpers.ts";
import { type Instruction, readInstructions } from "./instructions.ts";
import { type Charge, charges } from "./metering.ts";
import type { AddressType } from "./module.ts";
import { dirtyPageBits, dirtyPageSize } from "./names.ts";
import { opcodes as op, prefixed, valueTypes } from "./opcodes.ts";

/** What a function body is rewritten against. */
export interface BodyContext {
  address: AddressType;
  tableAddress: AddressType;
  /** Indices of the globals that the pass adds. */
  counter: number;
  size: number;
  helpers: HelperFunctions;
}

/** One function body with metering, dirty marks and the virtual memory size. @throws InvalidWasm */
export function rewriteBody(body: ByteReader, parameters: number, context: BodyContext): Uint8Array {
  const groups = body.vector(() => ({ count: body.unsigned(), type: body.byte() }));
  const locals = new AddedLocals(parameters + groups.reduce((sum, { count }) => sum + count, 0));
  const instructions = readInstructions(body);
  const due = charges(instructions, context.address);
  const code = new ByteWriter();
  // Most instructions are unchanged: copy runs of them, not each one.
  let copied = instructions[0]?.start ?? 0;
  const copyUntil = (position: number) => {
    code.part(body.bytes, copied, position);
    copied = position;
  };
  for (let index = 0; index < instructions.length; index++) {
    const instruction = instructions[index]!;
    const charge = due.get(index);
    if (charge) {
      copyUntil(instruction.start);
      writeCharge(code, charge, context);
    }
    if (isReplaced(instruction)) {
      copyUntil(instruction.start);
      writeReplacement(code, instruction, context);
      copied = instruction.end;
    } else if (isPrepared(instruction)) {
      copyUntil(instruction.start);
      writePreparation(code, instruction, locals, context);
    }
  }
  copyUntil(instructions.at(-1)?.end ?? copied);
  const written = new ByteWriter().unsigned(groups.length + locals.types.length);
  for (const { count, type } of groups) written.unsigned(count).byte(type);
  for (const type of locals.types) written.unsigned(1).byte(type);
  return written.bytes(code.written()).written();
}

/** Locals that hold operands temporarily; each is created once per function. */
class AddedLocals {
  readonly types: number[] = [];
  readonly #first: number;
  readonly #indices = new Map<string, number>();

  constructor(first: number) {
    this.#first = first;
  }

  index(purpose: string, type: number): number {
    const key = `${purpose} ${type}`;
    const known = this.#indices.get(key);
    if (known !== undefined) return known;
    const index = this.#first + this.types.length;
    this.types.push(type);
    this.#indices.set(key, index);
    return index;
  }
}

function writeCharge(code: ByteWriter, { cost, kind }: Charge, { counter }: BodyContext): void {
  code.byte(op.globalGet).unsigned(counter).byte(op.i64Const).signed(cost).byte(op.i64Sub);
  code.byte(op.globalSet).unsigned(counter);
  if (kind === "checked") writeLimitCheck(code, counter);
}

/** The memory's size is virtual, so what reads or changes it is replaced. */
function isReplaced({ opcode }: Instruction): boolean {
  return opcode === op.memorySize || opcode === op.memoryGrow;
}

function writeReplacement(code: ByteWriter, { opcode }: Instruction, { size, helpers }: BodyContext): void {
  if (opcode === op.memorySize) code.byte(op.globalGet).unsigned(size);
  else code.byte(op.call).unsigned(helpers.grow);
}

/** Stores mark the page they change; bulk instructions mark and pay by their length. */
function isPrepared({ opcode, sub }: Instruction): boolean {
  return (opcode >= op.firstStore && opcode <= op.lastStore) || (opcode === op.prefixed && isBulk(sub));
}

function writePreparation(
  code: ByteWriter,
  instruction: Instruction,
  locals: AddedLocals,
  context: BodyContext,
): void {
  const { opcode, sub } = instruction;
  if (opcode !== op.prefixed) {
    writeStoreMark(code, instruction, locals, context);
    return;
  }
  writeLengthCharge(code, sub, context);
  if (sub <= prefixed.memoryFill) writeBulkMark(code, sub, locals, context);
}

function storedType(opcode: number): number {
  if (opcode === op.f32Store) return valueTypes.f32;
  if (opcode === op.f64Store) return valueTypes.f64;
  const narrow: number[] = [op.i32Store, op.i32Store8, op.i32Store16];
  return narrow.includes(opcode) ? valueTypes.i32 : valueTypes.i64;
}

/**
 * Marks the page of the store's address. The host copies the page behind a marked one too, which covers stores
 * across a border and small constant offsets: those whose last byte is at most one page further.
 */
function writeStoreMark(
  code: ByteWriter,
  { opcode, offset }: Instruction,
  locals: AddedLocals,
  { address }: BodyContext,
): void {
  const wide = address === "i64";
  const value = locals.index("value", storedType(opcode));
  const pointer = locals.index("pointer", valueTypes[address]);
  code.byte(op.localSet).unsigned(value).byte(op.localTee).unsigned(pointer);
  if (offset > dirtyPageSize - 8) {
    code.byte(wide ? op.i64Const : op.i32Const).signed(wide ? offset : offset | 0);
    code.byte(wide ? op.i64Add : op.i32Add);
  }
  code.bytes(
    wide ? [op.i64Const, dirtyPageBits, op.i64ShrU, op.i32WrapI64] : [op.i32Const, dirtyPageBits, op.i32ShrU],
  );
  code.bytes([op.i32Const, 1, op.i32Store8, 0x40, 1, 0]);
  code.byte(op.localGet).unsigned(pointer).byte(op.localGet).unsigned(value);
}

/** The type of the length on top of the stack before a bulk instruction. */
function lengthType(sub: number, { address, tableAddress }: BodyContext): AddressType {
  if (sub === prefixed.memoryCopy || sub === prefixed.memoryFill) return address;
  return sub === prefixed.tableCopy || sub === prefixed.tableFill ? tableAddress : "i32";
}

function writeLengthCharge(code: ByteWriter, sub: number, context: BodyContext): void {
  const narrow = lengthType(sub, context) === "i32";
  if (narrow) code.byte(op.i64ExtendI32U);
  code.byte(op.call).unsigned(context.helpers.charge);
  if (narrow) code.byte(op.i32WrapI64);
}

function writeBulkMark(code: ByteWriter, sub: number, locals: AddedLocals, context: BodyContext): void {
  const { address, helpers } = context;
  const lengthTyped = lengthType(sub, context);
  const length = locals.index("length", valueTypes[lengthTyped]);
  const middle = locals.index("middle", valueTypes[sub === prefixed.memoryCopy ? address : "i32"]);
  const pointer = locals.index("pointer", valueTypes[address]);
  code.byte(op.localSet).unsigned(length).byte(op.localSet).unsigned(middle);
  code.byte(op.localTee).unsigned(pointer);
  if (address === "i32") code.byte(op.i64ExtendI32U);
  code.byte(op.localGet).unsigned(length);
  if (lengthTyped === "i32") code.byte(op.i64ExtendI32U);
  code.byte(op.call).unsigned(helpers.mark);
  for (const local of [pointer, middle, length]) code.byte(op.localGet).unsigned(local);
}
