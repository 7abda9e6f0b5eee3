import type { GlobalType } from "../wasm/instrument.ts";
import type { GlobalValue } from "./instance.ts";
import { type StableMemory, stablePageSize } from "./stable-memory.ts";

/** The state of canister_on_low_wasm_memory, which runs once each time the memory becomes low. */
export type LowMemoryHook = "condition_not_satisfied" | "ready" | "executed";

export interface SnapshotGlobal {
  type: GlobalType;
  value: GlobalValue;
}

/** A canister's code and state at one moment, kept beside the canister. */
export interface CanisterSnapshot {
  readonly id: Uint8Array;
  readonly source: "taken" | "uploaded";
  /** Nanoseconds since 1970. */
  readonly takenAt: bigint;
  readonly canisterVersion: bigint;
  /** The module as it was sent. */
  module: Uint8Array;
  readonly globals: readonly SnapshotGlobal[];
  /** The heap, kept as stable memory is: in sparse pages of 64 KiB. */
  readonly heap: StableMemory;
  readonly stable: StableMemory;
  /** Of the chunk store, by the hex of their SHA-256. */
  readonly chunks: Map<string, Uint8Array>;
  readonly certifiedData: Uint8Array;
  /** Nanoseconds since 1970, 0 when none is set; undefined leaves the timer as it is when the snapshot is loaded. */
  readonly globalTimer: bigint | undefined;
  /** Undefined leaves it as it is when the snapshot is loaded. */
  readonly lowMemoryHook: LowMemoryHook | undefined;
}

/** The size of a snapshot, bytes. */
export function snapshotSize({ module, heap, stable, chunks }: CanisterSnapshot): number {
  const stored = [...chunks.values()].reduce((sum, { length }) => sum + length, 0);
  return module.length + (heap.size + stable.size) * stablePageSize + stored;
}
