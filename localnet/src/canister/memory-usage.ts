import type { Canister } from "./canister.ts";
import { snapshotSize } from "./canister-snapshot.ts";
import { stablePageSize } from "./stable-memory.ts";

/** The memory used by a canister's parts, bytes. */
export interface MemoryUsage {
  heap: number;
  stable: number;
  module: number;
  sections: number;
  chunks: number;
  snapshots: number;
  log: number;
}

export function memoryUsage({ program, stable, chunks, snapshots, log }: Canister): MemoryUsage {
  return {
    heap: program?.heapSize ?? 0,
    stable: stable.size * stablePageSize,
    module: program?.module.source.length ?? 0,
    sections: program?.module.customs.reduce((sum, { content }) => sum + content.length, 0) ?? 0,
    chunks: [...chunks.values()].reduce((sum, { length }) => sum + length, 0),
    log: log.records.reduce((sum, { content }) => sum + content.length, 0),
    snapshots: snapshots.reduce((sum, snapshot) => sum + snapshotSize(snapshot), 0),
  };
}

export function totalMemory(canister: Canister): bigint {
  return BigInt(Object.values(memoryUsage(canister)).reduce((sum, size) => sum + size, 0));
}
