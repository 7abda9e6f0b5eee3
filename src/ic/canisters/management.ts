import { Actor, type ActorMethod, type Agent } from "@dfinity/agent";
import type { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";

/** `null` keeps nothing: the platform refuses that for modules with enhanced orthogonal persistence. */
type MemoryPersistence = { keep: null } | { replace: null };

type UpgradeOptions = {
  skip_pre_upgrade: [] | [boolean];
  wasm_memory_persistence: [] | [MemoryPersistence];
};

/** @source IC interface specification, "IC method install_code" */
export type InstallMode = { install: null } | { reinstall: null } | { upgrade: [] | [UpgradeOptions] };

type CanisterRef = { canister_id: Principal };

export type CanisterState = {
  status: { running: null } | { stopping: null } | { stopped: null };
  module_hash: [] | [Uint8Array];
  memory_size: bigint;
  cycles: bigint;
  /** Cycles for storage and allocations, without any calls. */
  idle_cycles_burned_per_day: bigint;
  settings: { freezing_threshold: bigint };
};

export type SnapshotInfo = { id: Uint8Array; taken_at_timestamp: bigint; total_size: bigint };

/** The methods of the management canister that Kiln uses. */
export type Management = {
  start_canister: ActorMethod<[CanisterRef], undefined>;
  stop_canister: ActorMethod<[CanisterRef], undefined>;
  canister_status: ActorMethod<[CanisterRef], CanisterState>;
  provisional_top_up_canister: ActorMethod<[CanisterRef & { amount: bigint }], undefined>;
  take_canister_snapshot: ActorMethod<[CanisterRef & { replace_snapshot: [] | [Uint8Array] }], SnapshotInfo>;
  load_canister_snapshot: ActorMethod<[CanisterRef & { snapshot_id: Uint8Array }], undefined>;
  list_canister_snapshots: ActorMethod<[CanisterRef], SnapshotInfo[]>;
  delete_canister_snapshot: ActorMethod<[CanisterRef & { snapshot_id: Uint8Array }], undefined>;
  provisional_create_canister_with_cycles: ActorMethod<
    [{ amount: [] | [bigint]; settings: []; specified_id: []; sender_canister_version: [] }],
    CanisterRef
  >;
  install_code: ActorMethod<
    [
      CanisterRef & {
        mode: InstallMode;
        wasm_module: Uint8Array;
        arg: Uint8Array;
        sender_canister_version: [];
      },
    ],
    undefined
  >;
  upload_chunk: ActorMethod<[CanisterRef & { chunk: Uint8Array }], { hash: Uint8Array }>;
  clear_chunk_store: ActorMethod<[CanisterRef], undefined>;
  install_chunked_code: ActorMethod<
    [
      {
        mode: InstallMode;
        target_canister: Principal;
        store_canister: [];
        chunk_hashes_list: { hash: Uint8Array }[];
        wasm_module_hash: Uint8Array;
        arg: Uint8Array;
        sender_canister_version: [];
      },
    ],
    undefined
  >;
};

const idlFactory: IDL.InterfaceFactory = ({ IDL: idl }) => {
  const persistence = idl.Variant({ keep: idl.Null, replace: idl.Null });
  const mode = idl.Variant({
    install: idl.Null,
    reinstall: idl.Null,
    upgrade: idl.Opt(
      idl.Record({
        skip_pre_upgrade: idl.Opt(idl.Bool),
        wasm_memory_persistence: idl.Opt(persistence),
      }),
    ),
  });
  const bytes = idl.Vec(idl.Nat8);
  const version = idl.Opt(idl.Nat64);
  const chunkHash = idl.Record({ hash: bytes });
  const canister = { canister_id: idl.Principal };
  const snapshot = idl.Record({ id: bytes, taken_at_timestamp: idl.Nat64, total_size: idl.Nat64 });
  const state = idl.Record({
    status: idl.Variant({ running: idl.Null, stopping: idl.Null, stopped: idl.Null }),
    module_hash: idl.Opt(bytes),
    memory_size: idl.Nat,
    cycles: idl.Nat,
    idle_cycles_burned_per_day: idl.Nat,
    settings: idl.Record({ freezing_threshold: idl.Nat }),
  });
  const ofSnapshot = idl.Record({ ...canister, snapshot_id: bytes });
  return idl.Service({
    start_canister: idl.Func([idl.Record(canister)], [], []),
    stop_canister: idl.Func([idl.Record(canister)], [], []),
    canister_status: idl.Func([idl.Record(canister)], [state], []),
    provisional_top_up_canister: idl.Func([idl.Record({ ...canister, amount: idl.Nat })], [], []),
    take_canister_snapshot: idl.Func(
      [idl.Record({ ...canister, replace_snapshot: idl.Opt(bytes) })],
      [snapshot],
      [],
    ),
    load_canister_snapshot: idl.Func([ofSnapshot], [], []),
    list_canister_snapshots: idl.Func([idl.Record(canister)], [idl.Vec(snapshot)], []),
    delete_canister_snapshot: idl.Func([ofSnapshot], [], []),
    provisional_create_canister_with_cycles: idl.Func(
      [
        idl.Record({
          amount: idl.Opt(idl.Nat),
          settings: idl.Opt(idl.Record({})),
          specified_id: idl.Opt(idl.Principal),
          sender_canister_version: version,
        }),
      ],
      [idl.Record(canister)],
      [],
    ),
    install_code: idl.Func(
      [idl.Record({ ...canister, mode, wasm_module: bytes, arg: bytes, sender_canister_version: version })],
      [],
      [],
    ),
    upload_chunk: idl.Func([idl.Record({ ...canister, chunk: bytes })], [chunkHash], []),
    clear_chunk_store: idl.Func([idl.Record(canister)], [], []),
    install_chunked_code: idl.Func(
      [
        idl.Record({
          mode,
          target_canister: idl.Principal,
          store_canister: idl.Opt(idl.Principal),
          chunk_hashes_list: idl.Vec(chunkHash),
          wasm_module_hash: bytes,
          arg: bytes,
          sender_canister_version: version,
        }),
      ],
      [],
      [],
    ),
  });
};

/**
 * The management canister, for calls about one canister.
 * @param about the canister that the calls are about: requests are sent to its subnet ("effective canister
 *   id"); absent for creation, which only a local network allows without cycles
 */
export function management(agent: Agent, about?: string): Management {
  const effectiveCanisterId =
    about === undefined ? Principal.managementCanister() : Principal.fromText(about);
  return Actor.createActor<Management>(idlFactory, {
    agent,
    canisterId: Principal.managementCanister(),
    effectiveCanisterId,
  });
}
