import { dirtyPageSize } from "../wasm/names.ts";
import type { CompiledModule } from "./compiled-module.ts";
import { copyPage, forEachDirtyPage } from "./dirty-pages.ts";
import type { Execution } from "./execution.ts";
import { type Entry, type GlobalValue, Instance, memoryFor, type Outcome } from "./instance.ts";
import { errorCodes, Trap } from "./trap.ts";

const dirtyPagesPerPage = 65_536 / dirtyPageSize;

/** The identity of a heap over upgrades that keep it, and which of its 4 KiB pages are not saved yet. */
export interface Heap {
  unsaved: Set<number>;
}

interface Memories {
  updates: WebAssembly.Memory;
  queries: WebAssembly.Memory;
}

/** The changes of a query so far, set aside. */
export interface Aside {
  pages: Map<number, Uint8Array>;
  globals: GlobalValue[];
}

/**
 * A canister's code with its memory: one instance runs updates, the other queries.
 * Between messages both memories are equal, so that each is the other's shadow: an update that traps is restored
 * from the query side, a query always from the update side. Only pages that were stored to are ever copied.
 */
export class Program {
  readonly module: CompiledModule;
  readonly heap: Heap;
  readonly #updates: Instance;
  readonly #queries: Instance;
  #committed: GlobalValue[];
  /** The program whose memories this one takes over on commit and returns on rollback. */
  #predecessor: Program | undefined;

  private constructor(module: CompiledModule, memories: Memories, heap: Heap) {
    this.module = module;
    this.heap = heap;
    this.#updates = new Instance(module, memories.updates);
    this.#queries = new Instance(module, memories.queries);
    this.#committed = this.#updates.globals;
  }

  /** A program with a new memory: empty, or as large as `pages` of 64 KiB to be filled by `restore`. */
  static fresh(module: CompiledModule, pages = 0): Program {
    const memories = { updates: memoryFor(module, pages), queries: memoryFor(module, pages) };
    return new Program(module, memories, { unsaved: new Set() });
  }

  /**
   * The same memory under new code. Nothing is decided until `commit` or `rollback`: until then the old program
   * must not run.
   */
  static upgrade(module: CompiledModule, old: Program): Program {
    const pages = Math.max(old.#updates.size, module.memory.initial);
    const { address, memory } = old.module;
    if (address !== module.address || memory.maximum !== module.memory.maximum) {
      return Program.#copy(module, old.bytes, pages);
    }
    for (const side of [old.#updates, old.#queries]) side.ensurePages(pages);
    const memories = { updates: old.#updates.memory, queries: old.#queries.memory };
    const program = new Program(module, memories, old.heap);
    program.#updates.size = pages;
    program.#updates.dirty.set(old.#updates.dirty);
    program.#predecessor = old;
    return program;
  }

  /** Copies a memory that cannot be taken over because its limits differ. */
  static #copy(module: CompiledModule, bytes: Uint8Array, pages: number): Program {
    const program = Program.fresh(module, pages);
    program.#updates.bytes.set(bytes);
    program.#updates.dirty.fill(1, 0, bytes.length / dirtyPageSize);
    program.#updates.size = pages;
    return program;
  }

  /** Size of the committed memory in bytes. */
  get heapSize(): number {
    return this.#updates.size * 65_536;
  }

  /** The committed values of all mutable globals, in the order of `module.globals`. */
  get globals(): readonly GlobalValue[] {
    return this.#committed;
  }

  /** The committed memory; a view, valid until the next message. */
  get bytes(): Uint8Array {
    return this.#updates.bytes.subarray(0, this.heapSize);
  }

  /** A page of 64 KiB in the pages that `fill` takes. */
  static *dirtyPagesOf(index: number, content: Uint8Array): Iterable<[index: number, content: Uint8Array]> {
    for (let part = 0; part < dirtyPagesPerPage; part++) {
      const at = part * dirtyPageSize;
      yield [index * dirtyPagesPerPage + part, content.subarray(at, at + dirtyPageSize)];
    }
  }

  /** Fills a fresh program with a stored state (its 4 KiB pages) and commits it. */
  fill(pages: Iterable<[index: number, content: Uint8Array]>, globals: readonly GlobalValue[]): void {
    const { bytes, dirty } = this.#updates;
    for (const [index, content] of pages) {
      bytes.set(content, index * dirtyPageSize);
      dirty[index] = 1;
    }
    this.#updates.globals = globals;
    this.commit();
  }

  /** Fills a fresh program with its saved state. */
  restore(pages: Iterable<[index: number, content: Uint8Array]>, globals: readonly GlobalValue[]): void {
    this.fill(pages, globals);
    this.heap.unsaved.clear();
  }

  /** Runs on the update side. When it does not trap, there is room to commit. */
  runUpdate(execution: Execution, entries: readonly Entry[]): Outcome {
    const outcome = this.#updates.run(execution, entries);
    try {
      if (!outcome.trap) this.#queries.ensurePages(this.#updates.size);
      return outcome;
    } catch {
      return {
        ...outcome,
        trap: new Trap(errorCodes.outOfMemory, "Canister exceeded the memory of this machine."),
      };
    }
  }

  /** Makes the changes of updates since the last commit visible to queries. */
  commit(): void {
    const updates = this.#updates;
    const queries = this.#queries;
    const end = updates.size * dirtyPagesPerPage;
    const [source, target] = [updates.bytes, queries.bytes];
    forEachDirtyPage(updates.dirty, source.length / dirtyPageSize, (page) => {
      if (page < end) {
        copyPage(source, target, page);
        this.heap.unsaved.add(page);
      } else {
        // A stray store beyond the virtual end, into pages left by a growth that was rolled back.
        source.fill(0, page * dirtyPageSize, (page + 1) * dirtyPageSize);
      }
    });
    clear(updates);
    this.#committed = updates.globals;
    queries.globals = this.#committed;
    this.#predecessor = undefined;
  }

  /** Undoes the changes of updates since the last commit; after a failed upgrade, restores the old program. */
  rollback(): void {
    const old = this.#predecessor;
    if (old) {
      old.#updates.dirty.set(this.#updates.dirty);
      old.rollback();
      return;
    }
    const [source, target] = [this.#queries.bytes, this.#updates.bytes];
    forEachDirtyPage(this.#updates.dirty, target.length / dirtyPageSize, (page) =>
      copyPage(source, target, page),
    );
    clear(this.#updates);
    this.#updates.globals = this.#committed;
  }

  /** Runs on the query side, which keeps the changes until `resetQueries`. */
  runQuery(execution: Execution, entries: readonly Entry[]): Outcome {
    return this.#queries.run(execution, entries);
  }

  /** Resets the query side to the committed state. */
  resetQueries(): void {
    const queries = this.#queries;
    const [source, target] = [this.#updates.bytes, queries.bytes];
    forEachDirtyPage(queries.dirty, target.length / dirtyPageSize, (page) => copyPage(source, target, page));
    clear(queries);
    queries.globals = this.#committed;
  }

  /** What queries have changed since the last reset, for `resumeQueries`. */
  putQueriesAside(): Aside {
    const { bytes, dirty, globals } = this.#queries;
    const pages = new Map<number, Uint8Array>();
    forEachDirtyPage(dirty, bytes.length / dirtyPageSize, (page) => {
      pages.set(page, bytes.slice(page * dirtyPageSize, (page + 1) * dirtyPageSize));
    });
    return { pages, globals };
  }

  /** Resets the query side to the changes that were set aside. */
  resumeQueries({ pages, globals }: Aside): void {
    this.resetQueries();
    const queries = this.#queries;
    for (const [page, content] of pages) {
      queries.bytes.set(content, page * dirtyPageSize);
      queries.dirty[page] = 1;
    }
    queries.globals = globals;
  }
}

function clear(instance: Instance): void {
  instance.dirty.fill(0, 0, instance.bytes.length / dirtyPageSize + 1);
}
