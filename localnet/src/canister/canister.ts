import type { Use } from "../cycles/uses.ts";
import type { CanisterSnapshot, LowMemoryHook } from "./canister-snapshot.ts";
import type { CanisterHistory } from "./history.ts";
import type { CanisterLog } from "./log.ts";
import type { Program } from "./program.ts";
import type { StableMemory } from "./stable-memory.ts";

/** The settings that controllers can change, with the management canister's names and units. */
export interface Settings {
  controllers: Uint8Array[];
  computeAllocation: bigint;
  memoryAllocation: bigint;
  freezingThreshold: bigint;
  reservedCyclesLimit: bigint;
  logVisibility: Visibility;
  /** Bytes of log that are kept. */
  logMemoryLimit: bigint;
  snapshotVisibility: Visibility;
  statusVisibility: Visibility;
  /** Cycles that a call of another canister must bring. */
  minimumCallCycles: bigint;
  environmentVariables: { name: string; value: string }[];
  wasmMemoryLimit: bigint;
  wasmMemoryThreshold: bigint;
}

/** Who may see a part of a canister's data; its controllers always may. */
export type Visibility =
  | { kind: "controllers" }
  | { kind: "public" }
  | { kind: "allowedViewers"; viewers: Uint8Array[] };

/** A canister between messages. Messages change it only when they commit. */
export interface Canister {
  readonly id: Uint8Array;
  settings: Settings;
  status: "running" | "stopping" | "stopped";
  cycles: bigint;
  /** What it has paid so far, by purpose. */
  consumed: Record<Use, bigint>;
  /** Until when its memory is paid for, nanoseconds since 1970; undefined until it is first charged. */
  chargedAt: bigint | undefined;
  /** Counts changes of code and settings, as ic0.canister_version returns them. */
  version: bigint;
  program: Program | undefined;
  stable: StableMemory;
  certifiedData: Uint8Array;
  /** Nanoseconds since 1970; 0 when none is set. */
  globalTimer: bigint;
  lowMemoryHook: LowMemoryHook;
  log: CanisterLog;
  history: CanisterHistory;
  /** Chunks of modules to be installed, by the hex of their SHA-256. */
  chunks: Map<string, Uint8Array>;
  /** In the order in which they were taken. */
  snapshots: CanisterSnapshot[];
  /** How many have been taken so far: the number of the next one. */
  snapshotCount: bigint;
}

/** @source Internet Computer defaults of new canisters */
export function defaultSettings(controllers: Uint8Array[]): Settings {
  return {
    controllers,
    computeAllocation: 0n,
    memoryAllocation: 0n,
    freezingThreshold: 2_592_000n,
    reservedCyclesLimit: 5_000_000_000_000n,
    logVisibility: { kind: "controllers" },
    logMemoryLimit: 4096n,
    snapshotVisibility: { kind: "controllers" },
    statusVisibility: { kind: "controllers" },
    minimumCallCycles: 0n,
    environmentVariables: [],
    wasmMemoryLimit: 3_221_225_472n,
    wasmMemoryThreshold: 0n,
  };
}

export function controls({ settings }: Canister, principal: Uint8Array): boolean {
  return settings.controllers.some((controller) => Buffer.compare(controller, principal) === 0);
}

export function sees(canister: Canister, visibility: Visibility, principal: Uint8Array): boolean {
  if (visibility.kind === "public" || controls(canister, principal)) return true;
  if (visibility.kind === "controllers") return false;
  return visibility.viewers.some((viewer) => Buffer.compare(viewer, principal) === 0);
}
