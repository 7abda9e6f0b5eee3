import { dirtyPageBits, hostNames } from "../wasm/names.ts";
import type { CompiledModule } from "./compiled-module.ts";
import type { Closure, Execution } from "./execution.ts";
import { ic0 } from "./ic0/imports.ts";
import { type Address, type Machine, unsigned } from "./ic0/machine.ts";
import { instructionLimitExceeded, type Trap, trapOf, trapped } from "./trap.ts";

export type GlobalValue = number | bigint;

/** How a message enters the code: an exported function, or a closure of the table. */
export type Entry = { export: string } | { closure: Closure };

export interface Outcome {
  trap: Trap | undefined;
  instructions: bigint;
}

const pageSize = 65_536;

/** A memory that a module can import. Pages of 64 KiB, taken up front when `initial` asks for more. */
export function memoryFor({ address, memory }: CompiledModule, initial: number): WebAssembly.Memory {
  const [minimum, maximum] = [Math.max(initial, memory.initial), memory.maximum];
  return address === "i64"
    ? new WebAssembly.Memory({ address, initial: BigInt(minimum), maximum: BigInt(maximum) })
    : new WebAssembly.Memory({ address, initial: minimum, maximum });
}

/** One instance of a canister's module, and the host's operations on it. */
export class Instance implements Machine {
  readonly module: CompiledModule;
  readonly memory: WebAssembly.Memory;
  /** A byte for each 4 KiB page, not zero when something was stored there. */
  readonly dirty: Uint8Array;
  readonly #exports: Record<string, unknown>;
  readonly #counter: WebAssembly.Global<bigint>;
  readonly #globals: WebAssembly.Global[];
  #execution: Execution | undefined;
  #bytes = new Uint8Array();

  constructor(module: CompiledModule, memory: WebAssembly.Memory) {
    this.module = module;
    this.memory = memory;
    const imports = { ic0: ic0(this), [hostNames.module]: { [hostNames.memory]: memory } };
    this.#exports = new WebAssembly.Instance(module.compiled, imports).exports;
    this.#counter = this.#exports[hostNames.counter] as WebAssembly.Global<bigint>;
    this.dirty = new Uint8Array((this.#exports[hostNames.dirty] as WebAssembly.Memory).buffer);
    this.#globals = module.globals.map((name) => this.#exports[name] as WebAssembly.Global);
  }

  /** The whole memory. The view is valid until the memory grows. */
  get bytes(): Uint8Array {
    if (this.#bytes.buffer !== this.memory.buffer) this.#bytes = new Uint8Array(this.memory.buffer);
    return this.#bytes;
  }

  /** Size of the memory as the canister sees it, in 64 KiB pages. */
  get size(): number {
    return unsigned((this.#exports[hostNames.size] as WebAssembly.Global).value);
  }

  set size(pages: number) {
    (this.#exports[hostNames.size] as WebAssembly.Global).value = this.address(pages);
  }

  /** The values of all mutable globals, in the order of `module.globals`. */
  get globals(): GlobalValue[] {
    return this.#globals.map(({ value }) => value);
  }

  set globals(values: readonly GlobalValue[]) {
    for (const [index, global] of this.#globals.entries()) global.value = values[index]!;
  }

  /** Makes sure that the memory has that many pages of 64 KiB. */
  ensurePages(pages: number): void {
    const missing = pages - this.memory.buffer.byteLength / pageSize;
    if (missing > 0) this.memory.grow(this.address(missing));
  }

  /** Runs one message to its end or its trap. Nothing is committed or undone here. */
  run(execution: Execution, entries: readonly Entry[]): Outcome {
    this.#execution = execution;
    this.#counter.value = execution.limit - execution.spent;
    try {
      for (const entry of entries) this.#enter(entry);
      return { trap: undefined, instructions: this.used() };
    } catch (thrown) {
      const isSpent = this.#counter.value < 0n;
      const trap = isSpent ? instructionLimitExceeded(execution.limit) : trapOf(thrown);
      return { trap, instructions: this.used() };
    } finally {
      this.#execution = undefined;
    }
  }

  get execution(): Execution {
    if (!this.#execution) throw new Error("no message runs");
    return this.#execution;
  }

  view(pointer: Address, length: Address): Uint8Array {
    const [start, end] = [unsigned(pointer), unsigned(pointer) + unsigned(length)];
    if (end > this.size * pageSize) throw trapped("heap out of bounds");
    return this.bytes.subarray(start, end);
  }

  target(pointer: Address, length: Address): Uint8Array {
    const view = this.view(pointer, length);
    if (view.length > 0) {
      const first = Math.floor(view.byteOffset / 2 ** dirtyPageBits);
      const last = Math.floor((view.byteOffset + view.length - 1) / 2 ** dirtyPageBits);
      this.dirty.fill(1, first, last + 1);
    }
    return view;
  }

  charge(instructions: number): void {
    this.#counter.value -= BigInt(instructions);
    if (this.#counter.value < 0n) throw instructionLimitExceeded(this.execution.limit);
  }

  used(): bigint {
    const { limit, spent } = this.execution;
    return limit - spent - this.#counter.value;
  }

  address(value: number): Address {
    return this.module.address === "i64" ? BigInt(value) : value;
  }

  #enter(entry: Entry): void {
    if ("export" in entry) {
      (this.#exports[entry.export] as (() => void) | undefined)?.();
      return;
    }
    const { index, environment } = entry.closure;
    const table = this.#exports[hostNames.table] as WebAssembly.Table | undefined;
    if (!table || unsigned(index) >= unsigned(table.length)) throw trapped("table out of bounds");
    const key = this.module.tableAddress === "i64" ? BigInt(unsigned(index)) : unsigned(index);
    const closure = table.get(key) as ((environment: Address) => void) | null;
    if (!closure) throw trapped("indirect call to null");
    closure(environment);
  }
}
