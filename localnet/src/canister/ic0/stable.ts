import { type Address, type Imports, type Machine, unsigned } from "./machine.ts";

/** The part of the system API about stable memory. */
export function stableImports(
  machine: Machine,
): Imports<"stable64_size" | "stable64_grow" | "stable64_read" | "stable64_write"> {
  const stable = () => machine.execution.stable;
  return {
    stable64_size: () => BigInt(stable().size),
    stable64_grow: (pages: bigint) => BigInt(stable().grow(unsigned(pages))),
    stable64_read: (pointer: Address, offset: Address, length: Address) => {
      machine.charge(unsigned(length));
      stable().read(machine.target(pointer, length), unsigned(offset));
    },
    stable64_write: (offset: Address, pointer: Address, length: Address) => {
      machine.charge(unsigned(length));
      stable().write(unsigned(offset), machine.view(pointer, length));
    },
  };
}
