import type { Execution } from "../execution.ts";
import { contractViolation } from "../trap.ts";

/** A number of the module's address type: a number for 32 bits, a bigint for 64. */
export type Address = number | bigint;

/** What the system API can do with the instance that calls it. */
export interface Machine {
  /** The current message. */
  readonly execution: Execution;
  /** A view of the memory, valid until the canister runs on. @throws Trap when out of bounds */
  view(pointer: Address, length: Address): Uint8Array;
  /** A view to be written, its pages marked as changed. @throws Trap when out of bounds */
  target(pointer: Address, length: Address): Uint8Array;
  /** Charges instructions. @throws Trap at the limit */
  charge(instructions: number): void;
  /** Instructions that this message has used. */
  used(): bigint;
  /** A size as the canister wants it. */
  address(value: number): Address;
}

/** System calls by name; the engine converts what goes in and out. */
export type Imports<Name extends string> = Record<Name, (...args: never[]) => unknown>;

/** An unsigned number. Beyond 2^53 it loses digits, but such values fail every bounds check. */
export function unsigned(address: Address): number {
  return typeof address === "bigint" ? Number(BigInt.asUintN(64, address)) : address >>> 0;
}

export function readBytes(machine: Machine, pointer: Address, length: Address): Uint8Array {
  machine.charge(unsigned(length));
  return machine.view(pointer, length).slice();
}

export function readText(machine: Machine, pointer: Address, length: Address): string {
  return new TextDecoder().decode(readBytes(machine, pointer, length));
}

/** Puts a part of `source` into the canister's memory. @throws Trap when either is too short */
export function copyOut(
  machine: Machine,
  source: Uint8Array,
  pointer: Address,
  offset: Address,
  length: Address,
): void {
  const [from, count] = [unsigned(offset), unsigned(length)];
  if (from + count > source.length) {
    throw contractViolation(
      `offset ${from} and length ${count} reach beyond the ${source.length} bytes there are`,
    );
  }
  machine.charge(count);
  machine.target(pointer, length).set(source.subarray(from, from + count));
}

/** Puts an unsigned 128-bit number into the canister's memory, little endian. */
export function writeAmount(machine: Machine, pointer: Address, amount: bigint): void {
  const view = machine.target(pointer, 16);
  for (let index = 0; index < 16; index++) view[index] = Number((amount >> BigInt(8 * index)) & 0xffn);
}

/** A 128-bit number from its halves. */
export function amountOf(high: bigint, low: bigint): bigint {
  return (BigInt.asUintN(64, high) << 64n) | BigInt.asUintN(64, low);
}
