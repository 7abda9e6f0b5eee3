import { IDL } from "@dfinity/candid";
import type { Principal } from "@dfinity/principal";

/** The Candid interface of the methods about snapshots. @source IC interface specification, ic.did */

type Opt<T> = [] | [T];

const blob = IDL.Vec(IDL.Nat8);
const named = IDL.Record({ canister_id: IDL.Principal, snapshot_id: blob });
const listed = IDL.Record({ id: blob, taken_at_timestamp: IDL.Nat64, total_size: IDL.Nat64 });
const chunkHash = IDL.Record({ hash: blob });

const globals = IDL.Vec(
  IDL.Variant({ i32: IDL.Int32, i64: IDL.Int64, f32: IDL.Float32, f64: IDL.Float64, v128: IDL.Nat }),
);
const timer = IDL.Opt(IDL.Variant({ inactive: IDL.Null, active: IDL.Nat64 }));
const hookStatus = IDL.Opt(
  IDL.Variant({ condition_not_satisfied: IDL.Null, ready: IDL.Null, executed: IDL.Null }),
);

export type GlobalArg =
  | { i32: number }
  | { i64: bigint }
  | { f32: number }
  | { f64: number }
  | { v128: bigint };
export type HookArg = { condition_not_satisfied: null } | { ready: null } | { executed: null };
export type TimerArg = { inactive: null } | { active: bigint };

const range = IDL.Record({ offset: IDL.Nat64, size: IDL.Nat64 });
const from = IDL.Record({ offset: IDL.Nat64 });

export type ReadKind =
  | { wasm_module: { offset: bigint; size: bigint } }
  | { wasm_memory: { offset: bigint; size: bigint } }
  | { stable_memory: { offset: bigint; size: bigint } }
  | { wasm_chunk: { hash: Uint8Array } };

export type UploadKind =
  | { wasm_module: { offset: bigint } }
  | { wasm_memory: { offset: bigint } }
  | { stable_memory: { offset: bigint } }
  | { wasm_chunk: null };

interface Named {
  canister_id: Principal;
  snapshot_id: Uint8Array;
}

export interface SnapshotArguments {
  take_canister_snapshot: {
    canister_id: Principal;
    replace_snapshot: Opt<Uint8Array>;
    uninstall_code: Opt<boolean>;
  };
  load_canister_snapshot: Named;
  list_canister_snapshots: { canister_id: Principal };
  delete_canister_snapshot: Named;
  read_canister_snapshot_metadata: Named;
  read_canister_snapshot_data: Named & { kind: ReadKind };
  upload_canister_snapshot_metadata: {
    canister_id: Principal;
    replace_snapshot: Opt<Uint8Array>;
    wasm_module_size: bigint;
    globals: GlobalArg[];
    wasm_memory_size: bigint;
    stable_memory_size: bigint;
    certified_data: Uint8Array;
    global_timer: Opt<TimerArg>;
    on_low_wasm_memory_hook_status: Opt<HookArg>;
  };
  upload_canister_snapshot_data: Named & { kind: UploadKind; chunk: Uint8Array };
}

export const snapshotTypes: Record<keyof SnapshotArguments, { arg: IDL.Type[]; reply: IDL.Type[] }> = {
  take_canister_snapshot: {
    arg: [
      IDL.Record({
        canister_id: IDL.Principal,
        replace_snapshot: IDL.Opt(blob),
        uninstall_code: IDL.Opt(IDL.Bool),
      }),
    ],
    reply: [listed],
  },
  load_canister_snapshot: { arg: [named], reply: [] },
  list_canister_snapshots: { arg: [IDL.Record({ canister_id: IDL.Principal })], reply: [IDL.Vec(listed)] },
  delete_canister_snapshot: { arg: [named], reply: [] },
  read_canister_snapshot_metadata: {
    arg: [named],
    reply: [
      IDL.Record({
        source: IDL.Variant({ taken_from_canister: IDL.Reserved, metadata_upload: IDL.Reserved }),
        taken_at_timestamp: IDL.Nat64,
        wasm_module_size: IDL.Nat64,
        globals,
        wasm_memory_size: IDL.Nat64,
        stable_memory_size: IDL.Nat64,
        wasm_chunk_store: IDL.Vec(chunkHash),
        canister_version: IDL.Nat64,
        certified_data: blob,
        global_timer: timer,
        on_low_wasm_memory_hook_status: hookStatus,
      }),
    ],
  },
  read_canister_snapshot_data: {
    arg: [
      IDL.Record({
        canister_id: IDL.Principal,
        snapshot_id: blob,
        kind: IDL.Variant({
          wasm_module: range,
          wasm_memory: range,
          stable_memory: range,
          wasm_chunk: chunkHash,
        }),
      }),
    ],
    reply: [IDL.Record({ chunk: blob })],
  },
  upload_canister_snapshot_metadata: {
    arg: [
      IDL.Record({
        canister_id: IDL.Principal,
        replace_snapshot: IDL.Opt(blob),
        wasm_module_size: IDL.Nat64,
        globals,
        wasm_memory_size: IDL.Nat64,
        stable_memory_size: IDL.Nat64,
        certified_data: blob,
        global_timer: timer,
        on_low_wasm_memory_hook_status: hookStatus,
      }),
    ],
    reply: [IDL.Record({ snapshot_id: blob })],
  },
  upload_canister_snapshot_data: {
    arg: [
      IDL.Record({
        canister_id: IDL.Principal,
        snapshot_id: blob,
        kind: IDL.Variant({
          wasm_module: from,
          wasm_memory: from,
          stable_memory: from,
          wasm_chunk: IDL.Null,
        }),
        chunk: blob,
      }),
    ],
    reply: [],
  },
};
