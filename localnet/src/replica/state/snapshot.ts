import { createHash } from "node:crypto";
import type { Canister } from "../../canister/canister.ts";
import type { CanisterSnapshot } from "../../canister/canister-snapshot.ts";
import type { Heap } from "../../canister/program.ts";
import { type StableMemory, stablePageSize } from "../../canister/stable-memory.ts";
import { dirtyPageSize } from "../../wasm/names.ts";
import { globalText } from "./globals.ts";
import type { CanisterRecord, SnapshotRecord } from "./manifest.ts";
import type { PageFile, Pages } from "./page-file.ts";

type Memory = Heap | StableMemory;

/** The part of one memory that a save writes: the pages changed since the last save. */
export interface Changes {
  memory: Memory;
  pages: Pages;
  pageSize: number;
}

/** One canister at one moment. */
export interface Snapshot {
  changes: Changes[];
  /** Files named by the hash of what they hold. */
  contents: Map<string, Uint8Array>;
  /** The record, once it is known which files hold the memories. */
  record: (filesOf: (memory: Memory) => PageFile[]) => CanisterRecord;
}

/** Collects a canister's changes synchronously, so that nothing runs meanwhile. */
export function snapshotOf(canister: Canister): Snapshot {
  // The time paid for is not part of the state: nothing is charged while the network is off.
  const { program, stable, log, chunks, snapshots, chargedAt: _, ...rest } = canister;
  const contents = new Map<string, Uint8Array>();
  addChunks(contents, chunks);
  const changes = [changesOf(stable)];
  if (program) {
    contents.set(`module-${hexOf(program.module.hash)}`, program.module.source);
    // The heap changes in place: its pages are copied.
    const read = (page: number) => program.bytes.slice(page * dirtyPageSize, (page + 1) * dirtyPageSize);
    const pages = takeChanges(program.heap.unsaved, read);
    changes.push({ memory: program.heap, pages, pageSize: dirtyPageSize });
  }
  for (const { heap, stable, chunks, module } of snapshots) {
    addChunks(contents, chunks);
    contents.set(`module-${moduleHash(module)}`, module);
    changes.push(changesOf(heap), changesOf(stable));
  }
  // Everything but the files is fixed now: the canister runs on while they are written.
  const fixed = {
    ...rest,
    consumed: { ...rest.consumed },
    log: [...log.records],
    chunks: [...chunks.keys()],
    stable: stable.size,
    program: program && {
      module: hexOf(program.module.hash),
      size: program.heapSize / 65_536,
      globals: program.globals.map(globalText),
    },
    snapshots: snapshots.map((snapshot) => recordOf(snapshot)),
  };
  return {
    changes,
    contents,
    record: (filesOf) => ({
      ...fixed,
      program: fixed.program && { ...fixed.program, heap: filesOf(program!.heap) },
      stable: { size: fixed.stable, files: filesOf(stable) },
      snapshots: fixed.snapshots.map((record) => record(filesOf)),
    }),
  };
}

function recordOf(snapshot: CanisterSnapshot): (filesOf: (memory: Memory) => PageFile[]) => SnapshotRecord {
  const { module, globals, heap, stable, chunks, ...rest } = snapshot;
  const fixed = {
    ...rest,
    module: moduleHash(module),
    globals: globals.map(({ type, value }) => ({ type, value: globalText(value) })),
    chunks: [...chunks.keys()],
  };
  return (filesOf) => ({
    ...fixed,
    heap: { size: heap.size, files: filesOf(heap) },
    stable: { size: stable.size, files: filesOf(stable) },
  });
}

function changesOf(memory: StableMemory): Changes {
  const pages = takeChanges(memory.unsaved, (page) => memory.pages.get(page)!);
  return { memory, pages, pageSize: stablePageSize };
}

function addChunks(contents: Map<string, Uint8Array>, chunks: ReadonlyMap<string, Uint8Array>): void {
  for (const [hash, chunk] of chunks) contents.set(`chunk-${hash}`, chunk);
}

const moduleHashes = new WeakMap<Uint8Array, string>();

/** A module's bytes are never changed in place, so their hash is taken once. */
function moduleHash(module: Uint8Array): string {
  const hash = moduleHashes.get(module) ?? createHash("sha256").update(module).digest("hex");
  moduleHashes.set(module, hash);
  return hash;
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function takeChanges(unsaved: Set<number>, read: (page: number) => Uint8Array): Pages {
  const pages = new Map([...unsaved].map((page) => [page, read(page)]));
  unsaved.clear();
  return pages;
}

/** A save has failed: marks its changes to be saved next time. */
export function giveBack({ changes }: Snapshot): void {
  for (const { memory, pages } of changes) {
    for (const page of pages.keys()) memory.unsaved.add(page);
  }
}
