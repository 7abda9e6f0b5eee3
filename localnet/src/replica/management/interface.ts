import { IDL } from "@dfinity/candid";
import type { Principal } from "@dfinity/principal";
import { uses } from "../../cycles/uses.ts";
import { type OutcallArg, outcallArg, outcallResponse } from "./outcall-interface.ts";
import { type SnapshotArguments, snapshotTypes } from "./snapshot-interface.ts";

/**
 * The Candid interface of the management canister, as far as the local network implements it. Fields that a type
 * here omits are ignored, as Candid's subtyping allows.
 * @source IC interface specification, ic.did
 */

export type Opt<T> = [] | [T];

const blob = IDL.Vec(IDL.Nat8);
const target = IDL.Record({ canister_id: IDL.Principal });

const visibility = IDL.Variant({
  controllers: IDL.Null,
  public: IDL.Null,
  allowed_viewers: IDL.Vec(IDL.Principal),
});

export type VisibilityArg = { controllers: null } | { public: null } | { allowed_viewers: Principal[] };

const environmentVariables = IDL.Vec(IDL.Record({ name: IDL.Text, value: IDL.Text }));

export const settings = IDL.Record({
  controllers: IDL.Opt(IDL.Vec(IDL.Principal)),
  compute_allocation: IDL.Opt(IDL.Nat),
  memory_allocation: IDL.Opt(IDL.Nat),
  freezing_threshold: IDL.Opt(IDL.Nat),
  reserved_cycles_limit: IDL.Opt(IDL.Nat),
  log_visibility: IDL.Opt(visibility),
  log_memory_limit: IDL.Opt(IDL.Nat),
  snapshot_visibility: IDL.Opt(visibility),
  status_visibility: IDL.Opt(visibility),
  minimum_incoming_canister_call_cycles: IDL.Opt(IDL.Nat),
  environment_variables: IDL.Opt(environmentVariables),
  wasm_memory_limit: IDL.Opt(IDL.Nat),
  wasm_memory_threshold: IDL.Opt(IDL.Nat),
});

export interface SettingsArg {
  controllers: Opt<Principal[]>;
  compute_allocation: Opt<bigint>;
  memory_allocation: Opt<bigint>;
  freezing_threshold: Opt<bigint>;
  reserved_cycles_limit: Opt<bigint>;
  log_visibility: Opt<VisibilityArg>;
  log_memory_limit: Opt<bigint>;
  snapshot_visibility: Opt<VisibilityArg>;
  status_visibility: Opt<VisibilityArg>;
  minimum_incoming_canister_call_cycles: Opt<bigint>;
  environment_variables: Opt<{ name: string; value: string }[]>;
  wasm_memory_limit: Opt<bigint>;
  wasm_memory_threshold: Opt<bigint>;
}

const installMode = IDL.Variant({
  install: IDL.Null,
  reinstall: IDL.Null,
  upgrade: IDL.Opt(
    IDL.Record({
      skip_pre_upgrade: IDL.Opt(IDL.Bool),
      wasm_memory_persistence: IDL.Opt(IDL.Variant({ keep: IDL.Null, replace: IDL.Null })),
    }),
  ),
});

export type InstallMode =
  | { install: null }
  | { reinstall: null }
  | {
      upgrade: Opt<{
        skip_pre_upgrade: Opt<boolean>;
        wasm_memory_persistence: Opt<{ keep: null } | { replace: null }>;
      }>;
    };

const chunkHash = IDL.Record({ hash: blob });

const definiteSettings = IDL.Record({
  controllers: IDL.Vec(IDL.Principal),
  compute_allocation: IDL.Nat,
  memory_allocation: IDL.Nat,
  freezing_threshold: IDL.Nat,
  reserved_cycles_limit: IDL.Nat,
  log_visibility: visibility,
  log_memory_limit: IDL.Nat,
  snapshot_visibility: visibility,
  status_visibility: visibility,
  minimum_incoming_canister_call_cycles: IDL.Nat,
  wasm_memory_limit: IDL.Nat,
  wasm_memory_threshold: IDL.Nat,
  environment_variables: environmentVariables,
});

const status = IDL.Record({
  status: IDL.Variant({ running: IDL.Null, stopping: IDL.Null, stopped: IDL.Null }),
  version: IDL.Nat64,
  ready_for_migration: IDL.Bool,
  settings: definiteSettings,
  module_hash: IDL.Opt(blob),
  memory_size: IDL.Nat,
  memory_metrics: IDL.Record({
    wasm_memory_size: IDL.Nat,
    stable_memory_size: IDL.Nat,
    global_memory_size: IDL.Nat,
    wasm_binary_size: IDL.Nat,
    custom_sections_size: IDL.Nat,
    canister_history_size: IDL.Nat,
    wasm_chunk_store_size: IDL.Nat,
    snapshots_size: IDL.Nat,
    log_memory_store_size: IDL.Nat,
  }),
  cycles: IDL.Nat,
  reserved_cycles: IDL.Nat,
  idle_cycles_burned_per_day: IDL.Nat,
  query_stats: IDL.Record({
    num_calls_total: IDL.Nat,
    num_instructions_total: IDL.Nat,
    request_payload_bytes_total: IDL.Nat,
    response_payload_bytes_total: IDL.Nat,
  }),
});

const metrics = IDL.Record({
  cycles_consumed: IDL.Record(Object.fromEntries(uses.map((use) => [use, IDL.Nat]))),
});

const changeOrigin = IDL.Variant({
  from_user: IDL.Record({ user_id: IDL.Principal }),
  from_canister: IDL.Record({ canister_id: IDL.Principal, canister_version: IDL.Opt(IDL.Nat64) }),
});

const controllers = IDL.Vec(IDL.Principal);

const changeDetails = IDL.Variant({
  creation: IDL.Record({ controllers, environment_variables_hash: IDL.Opt(blob) }),
  code_uninstall: IDL.Null,
  code_deployment: IDL.Record({
    mode: IDL.Variant({ install: IDL.Null, reinstall: IDL.Null, upgrade: IDL.Null }),
    module_hash: blob,
  }),
  load_snapshot: IDL.Record({
    canister_version: IDL.Nat64,
    snapshot_id: blob,
    taken_at_timestamp: IDL.Nat64,
    source: IDL.Variant({ taken_from_canister: IDL.Reserved, metadata_upload: IDL.Reserved }),
  }),
  controllers_change: IDL.Record({ controllers }),
});

const info = IDL.Record({
  total_num_changes: IDL.Nat64,
  recent_changes: IDL.Vec(
    IDL.Record({
      timestamp_nanos: IDL.Nat64,
      canister_version: IDL.Nat64,
      origin: changeOrigin,
      details: changeDetails,
    }),
  ),
  module_hash: IDL.Opt(blob),
  controllers: IDL.Vec(IDL.Principal),
});

const logs = IDL.Record({
  canister_log_records: IDL.Vec(IDL.Record({ idx: IDL.Nat64, timestamp_nanos: IDL.Nat64, content: blob })),
});

export interface Target {
  canister_id: Principal;
}

/** The arguments of all methods, decoded. */
export interface Arguments extends SnapshotArguments {
  create_canister: { settings: Opt<SettingsArg> };
  provisional_create_canister_with_cycles: {
    amount: Opt<bigint>;
    settings: Opt<SettingsArg>;
    specified_id: Opt<Principal>;
  };
  provisional_top_up_canister: Target & { amount: bigint };
  install_code: Target & { mode: InstallMode; wasm_module: Uint8Array; arg: Uint8Array };
  install_chunked_code: {
    mode: InstallMode;
    target_canister: Principal;
    store_canister: Opt<Principal>;
    chunk_hashes_list: { hash: Uint8Array }[];
    wasm_module_hash: Uint8Array;
    arg: Uint8Array;
  };
  upload_chunk: Target & { chunk: Uint8Array };
  stored_chunks: Target;
  clear_chunk_store: Target;
  uninstall_code: Target;
  start_canister: Target;
  stop_canister: Target;
  delete_canister: Target;
  canister_status: Target;
  canister_metrics: Target;
  canister_info: Target & { num_requested_changes: Opt<bigint> };
  update_settings: Target & { settings: SettingsArg };
  deposit_cycles: Target;
  raw_rand: null;
  http_request: OutcallArg;
  fetch_canister_logs: Target;
}

export type MethodName = keyof Arguments;

export const types: Record<MethodName, { arg: IDL.Type[]; reply: IDL.Type[] }> = {
  create_canister: { arg: [IDL.Record({ settings: IDL.Opt(settings) })], reply: [target] },
  provisional_create_canister_with_cycles: {
    arg: [
      IDL.Record({
        amount: IDL.Opt(IDL.Nat),
        settings: IDL.Opt(settings),
        specified_id: IDL.Opt(IDL.Principal),
      }),
    ],
    reply: [target],
  },
  provisional_top_up_canister: {
    arg: [IDL.Record({ canister_id: IDL.Principal, amount: IDL.Nat })],
    reply: [],
  },
  install_code: {
    arg: [IDL.Record({ mode: installMode, canister_id: IDL.Principal, wasm_module: blob, arg: blob })],
    reply: [],
  },
  install_chunked_code: {
    arg: [
      IDL.Record({
        mode: installMode,
        target_canister: IDL.Principal,
        store_canister: IDL.Opt(IDL.Principal),
        chunk_hashes_list: IDL.Vec(chunkHash),
        wasm_module_hash: blob,
        arg: blob,
      }),
    ],
    reply: [],
  },
  upload_chunk: { arg: [IDL.Record({ canister_id: IDL.Principal, chunk: blob })], reply: [chunkHash] },
  stored_chunks: { arg: [target], reply: [IDL.Vec(chunkHash)] },
  clear_chunk_store: { arg: [target], reply: [] },
  uninstall_code: { arg: [target], reply: [] },
  start_canister: { arg: [target], reply: [] },
  stop_canister: { arg: [target], reply: [] },
  delete_canister: { arg: [target], reply: [] },
  canister_status: { arg: [target], reply: [status] },
  canister_metrics: { arg: [target], reply: [metrics] },
  canister_info: {
    arg: [IDL.Record({ canister_id: IDL.Principal, num_requested_changes: IDL.Opt(IDL.Nat64) })],
    reply: [info],
  },
  update_settings: { arg: [IDL.Record({ canister_id: IDL.Principal, settings })], reply: [] },
  deposit_cycles: { arg: [target], reply: [] },
  raw_rand: { arg: [], reply: [blob] },
  http_request: { arg: [outcallArg], reply: [outcallResponse] },
  fetch_canister_logs: { arg: [target], reply: [logs] },
  ...snapshotTypes,
};
