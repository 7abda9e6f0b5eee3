import type { Canister } from "./canister.ts";
import type { CanisterSnapshot } from "./canister-snapshot.ts";
import { compileModule } from "./compiled-module.ts";
import type { GlobalValue } from "./instance.ts";
import { Program } from "./program.ts";
import { StableMemory, stablePageSize } from "./stable-memory.ts";
import { errorCodes, Trap } from "./trap.ts";

/** Copies a canister's current state; it must have a program. */
export function takeSnapshot(canister: Canister, id: Uint8Array, takenAt: bigint): CanisterSnapshot {
  const program = canister.program!;
  const { globalTypes, source } = program.module;
  return {
    id,
    source: "taken",
    takenAt,
    canisterVersion: canister.version,
    module: source,
    // The last global is the size of the memory, which the snapshot stores separately.
    globals: globalTypes.map((type, index) => ({ type, value: program.globals[index]! })),
    heap: sparse(program.bytes),
    stable: copyOf(canister.stable),
    chunks: new Map(canister.chunks),
    certifiedData: canister.certifiedData,
    globalTimer: canister.globalTimer,
    lowMemoryHook: canister.lowMemoryHook,
  };
}

/** Restores a canister from a snapshot. @throws Trap when the snapshot's parts do not fit together */
export function loadSnapshot(canister: Canister, snapshot: CanisterSnapshot): void {
  const { heap, globals } = snapshot;
  const module = compileModule(snapshot.module);
  const types = globals.map(({ type }) => type);
  if (types.join() !== module.globalTypes.join()) {
    throw unfit(`it has globals [${types}], the module has [${module.globalTypes}]`);
  }
  const { initial, maximum } = module.memory;
  if (heap.size < initial || heap.size > maximum) {
    throw unfit(`it has a memory of ${heap.size} pages, the module takes ${initial} to ${maximum}`);
  }
  const program = Program.fresh(module, heap.size);
  program.fill(smallPages(heap), [...globals.map(({ value }) => value), sizeOf(heap.size, module.address)]);
  canister.program = program;
  canister.stable = copyOf(snapshot.stable);
  canister.chunks = new Map(snapshot.chunks);
  canister.certifiedData = snapshot.certifiedData;
  canister.globalTimer = snapshot.globalTimer ?? canister.globalTimer;
  canister.lowMemoryHook = snapshot.lowMemoryHook ?? canister.lowMemoryHook;
  canister.version += 1n;
}

function unfit(why: string): Trap {
  return new Trap(errorCodes.invalidManagementPayload, `The snapshot cannot be loaded: ${why}`);
}

function sizeOf(pages: number, address: "i32" | "i64"): GlobalValue {
  return address === "i64" ? BigInt(pages) : pages;
}

/** Pages are never changed in place, so both memories may hold the same ones. */
function copyOf({ size, pages }: StableMemory): StableMemory {
  const copy = new StableMemory(size, new Map(pages));
  for (const page of pages.keys()) copy.unsaved.add(page);
  return copy;
}

const zeroes = Buffer.alloc(stablePageSize);

function sparse(bytes: Uint8Array): StableMemory {
  const memory = new StableMemory(bytes.length / stablePageSize);
  for (let page = 0; page < memory.size; page++) {
    const content = bytes.subarray(page * stablePageSize, (page + 1) * stablePageSize);
    if (zeroes.equals(content)) continue;
    memory.pages.set(page, content.slice());
    memory.unsaved.add(page);
  }
  return memory;
}

function* smallPages({ pages }: StableMemory): Iterable<[index: number, content: Uint8Array]> {
  for (const [index, content] of pages) yield* Program.dirtyPagesOf(index, content);
}
