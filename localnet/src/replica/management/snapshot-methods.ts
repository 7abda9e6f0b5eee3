import { cannotPay, consume } from "../../canister/account.ts";
import type { Canister } from "../../canister/canister.ts";
import { controls } from "../../canister/canister.ts";
import { type CanisterSnapshot, type LowMemoryHook, snapshotSize } from "../../canister/canister-snapshot.ts";
import { recordChange } from "../../canister/history.ts";
import { loadSnapshot, takeSnapshot } from "../../canister/snapshotting.ts";
import { StableMemory, stablePageSize } from "../../canister/stable-memory.ts";
import { errorCodes, Trap, textOf } from "../../canister/trap.ts";
import { executionFee } from "../../cycles/fees.ts";
import { countedInstructions } from "../../cycles/prices.ts";
import type { CanisterRegistry } from "../canister-registry.ts";
import { originOf } from "./canister-info.ts";
import { uninstall } from "./code.ts";
import type { Opt } from "./interface.ts";
import { done, find, type ManagementParts, type Method } from "./method.ts";
import { Refusal } from "./refusal.ts";
import { globalArg, globalOf, readData, timerArg, writeData } from "./snapshot-data.ts";
import type { HookArg, SnapshotArguments } from "./snapshot-interface.ts";

/** @source Internet Computer resource limits */
const mostSnapshots = 10;

/** Largest heap and stable memory of an upload, bytes. @source Internet Computer resource limits */
const largestHeap = 6 * 2 ** 30;
const largestStable = 500 * 2 ** 30;
const largestModule = 100 * 2 ** 20;

/** The methods of the management canister about snapshots. They throw a Refusal to reject. */
export function snapshotMethods(parts: ManagementParts): {
  [Name in keyof SnapshotArguments]: Method<Name>;
} {
  const { registry, now } = parts;
  const snapshotNamed = (arg: { canister_id: SnapshotCanister; snapshot_id: Uint8Array }) =>
    findSnapshot(find(registry, arg.canister_id), arg.snapshot_id);
  return {
    take_canister_snapshot: {
      callers: "controllers",
      run: ({ canister_id, replace_snapshot, uninstall_code }, call) => {
        const canister = find(registry, canister_id);
        if (!canister.program) {
          const message = `Failed to create snapshot for empty canister ${textOf(canister.id)}`;
          throw new Refusal(errorCodes.canisterRejected, message);
        }
        const snapshot = takeSnapshot(canister, nextId(canister), now());
        pay(canister, snapshot);
        add(canister, snapshot, replace_snapshot[0]);
        if (uninstall_code[0]) {
          uninstall(canister);
          recordChange(canister, {
            timestamp: now(),
            origin: originOf(call),
            details: { kind: "codeUninstall" },
          });
          parts.scheduler().abandon(canister.id);
        }
        return { reply: [listed(snapshot)] };
      },
    },
    load_canister_snapshot: {
      callers: "controllers",
      run: ({ canister_id, snapshot_id }, call) => {
        const snapshot = findSnapshot(sourceOf(registry, snapshot_id, call.caller), snapshot_id);
        const canister = find(registry, canister_id);
        requireSameSubnet(parts, canister.id, snapshot_id.subarray(numberSize));
        pay(canister, snapshot);
        try {
          loadSnapshot(canister, snapshot);
        } catch (error) {
          if (error instanceof Trap) throw new Refusal(error.errorCode, error.message);
          throw error;
        }
        const { canisterVersion, takenAt, source } = snapshot;
        const details = {
          kind: "loadSnapshot",
          canisterVersion,
          snapshotId: snapshot.id,
          takenAt,
          source,
        } as const;
        recordChange(canister, { timestamp: now(), origin: originOf(call), details });
        return done;
      },
    },
    list_canister_snapshots: {
      callers: "controllers",
      visibleTo: "snapshotVisibility",
      run: ({ canister_id }) => ({ reply: [find(registry, canister_id).snapshots.map(listed)] }),
    },
    delete_canister_snapshot: {
      callers: "controllers",
      run: ({ canister_id, snapshot_id }) => {
        const canister = find(registry, canister_id);
        const gone = findSnapshot(canister, snapshot_id);
        canister.snapshots = canister.snapshots.filter((snapshot) => snapshot !== gone);
        return done;
      },
    },
    read_canister_snapshot_metadata: {
      callers: "controllers",
      visibleTo: "snapshotVisibility",
      run: (arg) => ({ reply: [metadataOf(snapshotNamed(arg))] }),
    },
    read_canister_snapshot_data: {
      callers: "controllers",
      visibleTo: "snapshotVisibility",
      run: (arg) => ({ reply: [{ chunk: readData(snapshotNamed(arg), arg.kind) }] }),
    },
    upload_canister_snapshot_metadata: {
      callers: "controllers",
      run: (arg) => {
        const canister = find(registry, arg.canister_id);
        const snapshot = emptySnapshot(canister, arg, now());
        add(canister, snapshot, arg.replace_snapshot[0]);
        return { reply: [{ snapshot_id: snapshot.id }] };
      },
    },
    upload_canister_snapshot_data: {
      callers: "controllers",
      run: (arg) => {
        const snapshot = snapshotNamed(arg);
        if (snapshot.source === "taken") {
          const message = "Only canister snapshots created by metadata upload can be mutated.";
          throw new Refusal(errorCodes.snapshotImmutable, message);
        }
        writeData(snapshot, arg.kind, arg.chunk);
        return done;
      },
    },
  };
}

/** "The snapshot can only be loaded onto a canister that belongs to the same subnet." @throws Refusal */
function requireSameSubnet({ subnets }: ManagementParts, target: Uint8Array, source: Uint8Array): void {
  if (subnets.of(target) === subnets.of(source)) return;
  const message = `Canister ${textOf(target)} is on another subnet than the snapshot`;
  throw new Refusal(errorCodes.snapshotNotFound, message);
}

/** @throws Refusal when the canister cannot */
function pay(canister: Canister, snapshot: CanisterSnapshot): void {
  const fee = executionFee(countedInstructions.snapshot + BigInt(snapshotSize(snapshot)), "i32");
  const rejection = cannotPay(canister, fee);
  if (rejection) throw new Refusal(errorCodes.outOfCycles, rejection.message);
  consume(canister, "instructions", fee);
}

type SnapshotCanister = SnapshotArguments["load_canister_snapshot"]["canister_id"];

function findSnapshot(canister: Canister, id: Uint8Array): CanisterSnapshot {
  const found = canister.snapshots.find((snapshot) => Buffer.compare(snapshot.id, id) === 0);
  if (found) return found;
  const message = `Could not find the snapshot ID ${hex(id)} for canister ${textOf(canister.id)}.`;
  throw new Refusal(errorCodes.snapshotNotFound, message);
}

/** "The caller must be a controller of the canister from which the snapshot is loaded": its id is in the snapshot's. */
function sourceOf(registry: CanisterRegistry, id: Uint8Array, caller: Uint8Array): Canister {
  const source = registry.get(id.subarray(numberSize));
  if (!source) throw new Refusal(errorCodes.snapshotNotFound, `Could not find the snapshot ID ${hex(id)}.`);
  if (controls(source, caller)) return source;
  const message = `Only a controller of the canister that snapshot ${hex(id)} belongs to can load it. Sender: ${textOf(caller)}.`;
  throw new Refusal(errorCodes.canisterRejected, message);
}

const numberSize = 8;

/** A number that counts the canister's snapshots (eight bytes, big endian), then the canister's id. */
function nextId(canister: Canister): Uint8Array {
  const id = new Uint8Array(numberSize + canister.id.length);
  new DataView(id.buffer).setBigUint64(0, canister.snapshotCount);
  id.set(canister.id, numberSize);
  canister.snapshotCount += 1n;
  return id;
}

/** @throws Refusal when there are too many, or the one to be replaced is not there */
function add(canister: Canister, snapshot: CanisterSnapshot, replaced: Uint8Array | undefined): void {
  const gone = replaced && findSnapshot(canister, replaced);
  const others = canister.snapshots.filter((other) => other !== gone);
  if (others.length >= mostSnapshots) {
    const message = `Canister ${textOf(canister.id)} has reached the maximum number of snapshots allowed: ${mostSnapshots}.`;
    throw new Refusal(errorCodes.canisterRejected, message);
  }
  canister.snapshots = [...others, snapshot];
}

function emptySnapshot(
  canister: Canister,
  arg: SnapshotArguments["upload_canister_snapshot_metadata"],
  takenAt: bigint,
): CanisterSnapshot {
  const module = sized("module", arg.wasm_module_size, largestModule);
  const heap = sized("Wasm memory", arg.wasm_memory_size, largestHeap, stablePageSize) / stablePageSize;
  const stable =
    sized("stable memory", arg.stable_memory_size, largestStable, stablePageSize) / stablePageSize;
  return {
    id: nextId(canister),
    source: "uploaded",
    takenAt,
    canisterVersion: canister.version,
    module: new Uint8Array(module),
    globals: arg.globals.map(globalOf),
    heap: new StableMemory(heap),
    stable: new StableMemory(stable),
    chunks: new Map(),
    certifiedData: arg.certified_data,
    globalTimer: timerOf(arg.global_timer),
    lowMemoryHook: hookOf(arg.on_low_wasm_memory_hook_status),
  };
}

function timerOf([timer]: SnapshotArguments["upload_canister_snapshot_metadata"]["global_timer"]) {
  if (!timer) return undefined;
  return "active" in timer ? timer.active : 0n;
}

function hookOf([status]: Opt<HookArg>): LowMemoryHook | undefined {
  return status && (Object.keys(status)[0] as LowMemoryHook);
}

/** @throws Refusal when it is too large, or no multiple of `unit` */
function sized(what: string, size: bigint, largest: number, unit = 1): number {
  if (size <= BigInt(largest) && size % BigInt(unit) === 0n) return Number(size);
  const message = `The ${what} of a snapshot has at most ${largest} bytes, in units of ${unit}: ${size} is not such a size`;
  throw new Refusal(errorCodes.invalidManagementPayload, message);
}

function listed(snapshot: CanisterSnapshot) {
  const { id, takenAt } = snapshot;
  return { id, taken_at_timestamp: takenAt, total_size: BigInt(snapshotSize(snapshot)) };
}

function metadataOf(snapshot: CanisterSnapshot) {
  const { source, takenAt, module, globals, heap, stable, chunks, certifiedData } = snapshot;
  return {
    source: source === "taken" ? { taken_from_canister: null } : { metadata_upload: null },
    taken_at_timestamp: takenAt,
    wasm_module_size: BigInt(module.length),
    globals: globals.map(globalArg),
    wasm_memory_size: BigInt(heap.size * stablePageSize),
    stable_memory_size: BigInt(stable.size * stablePageSize),
    wasm_chunk_store: [...chunks.keys()].map((hash) => ({ hash: Buffer.from(hash, "hex") })),
    canister_version: snapshot.canisterVersion,
    certified_data: certifiedData,
    global_timer: timerArg(snapshot.globalTimer),
    on_low_wasm_memory_hook_status: snapshot.lowMemoryHook ? [{ [snapshot.lowMemoryHook]: null }] : [],
  };
}

function hex(id: Uint8Array): string {
  return Buffer.from(id).toString("hex");
}
