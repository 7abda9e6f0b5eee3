import type { Canister } from "../../canister/canister.ts";
import type { Heap } from "../../canister/program.ts";
import { type StableMemory, stablePageSize } from "../../canister/stable-memory.ts";
import { dirtyPageSize } from "../../wasm/names.ts";
import { globalText } from "./globals.ts";
import type { CanisterRecord } from "./manifest.ts";
import type { Pages } from "./page-file.ts";

/** What a save writes of one memory: the pages changed since the last one. */
export interface Changes {
  memory: Heap | StableMemory;
  pages: Pages;
  pageSize: number;
}

/** One canister at one moment; its record names no page files yet. */
export interface Snapshot {
  record: CanisterRecord;
  heap: Changes | undefined;
  stable: Changes;
  /** Files named by the hash of what they hold. */
  contents: Map<string, Uint8Array>;
}

/** Takes what changed out of a canister, without a pause between its parts: nothing can run meanwhile. */
export function snapshotOf(canister: Canister): Snapshot {
  const { program, stable, log, chunks, ...rest } = canister;
  const contents = new Map([...chunks].map(([hash, chunk]) => [`chunk-${hash}`, chunk]));
  const module = program && Buffer.from(program.module.hash).toString("hex");
  if (program) contents.set(`module-${module}`, program.module.source);
  const heap = program && {
    memory: program.heap,
    // The heap changes in place: its pages are copied.
    pages: takeChanges(program.heap.unsaved, (page) =>
      program.bytes.slice(page * dirtyPageSize, (page + 1) * dirtyPageSize),
    ),
    pageSize: dirtyPageSize,
  };
  const stableChanges = {
    memory: stable,
    pages: takeChanges(stable.unsaved, (page) => stable.pages.get(page)!),
    pageSize: stablePageSize,
  };
  const record: CanisterRecord = {
    ...rest,
    log: [...log.records],
    chunks: [...chunks.keys()],
    program: program && {
      module: module!,
      size: program.heapSize / 65_536,
      globals: program.globals.map(globalText),
      heap: [],
    },
    stable: { size: stable.size, files: [] },
  };
  return { record, heap, stable: stableChanges, contents };
}

function takeChanges(unsaved: Set<number>, read: (page: number) => Uint8Array): Pages {
  const pages = new Map([...unsaved].map((page) => [page, read(page)]));
  unsaved.clear();
  return pages;
}

/** A save has failed: what was taken is to be saved the next time. */
export function giveBack({ heap, stable }: Snapshot): void {
  for (const changes of [heap, stable]) {
    for (const page of changes?.pages.keys() ?? []) changes!.memory.unsaved.add(page);
  }
}
