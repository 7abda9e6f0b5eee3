import { Actor, type ActorMethod, type Agent } from "@dfinity/agent";
import type { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";

type Named = { canister_id: Principal; snapshot_id: Uint8Array };
type Range = { offset: bigint; size: bigint };

/** The parts of a snapshot that are read and written by offset. */
export type SnapshotPart = "wasm_module" | "wasm_memory" | "stable_memory";

/** The management canister's methods that move a snapshot's content. The callers check the replies. */
export type SnapshotManagement = {
  read_canister_snapshot_metadata: ActorMethod<[Named], unknown>;
  read_canister_snapshot_data: ActorMethod<
    [Named & { kind: { [part in SnapshotPart]?: Range } | { wasm_chunk: { hash: Uint8Array } } }],
    unknown
  >;
  upload_canister_snapshot_metadata: ActorMethod<[object], unknown>;
  upload_canister_snapshot_data: ActorMethod<
    [
      Named & {
        kind: { [part in SnapshotPart]?: { offset: bigint } } | { wasm_chunk: null };
        chunk: Uint8Array;
      },
    ],
    unknown
  >;
};

/** @source IC interface specification, "IC method read_canister_snapshot_metadata" and its neighbours */
const idlFactory: IDL.InterfaceFactory = ({ IDL: idl }) => {
  const bytes = idl.Vec(idl.Nat8);
  const named = { canister_id: idl.Principal, snapshot_id: bytes };
  const range = idl.Record({ offset: idl.Nat64, size: idl.Nat64 });
  const from = idl.Record({ offset: idl.Nat64 });
  const chunkHash = idl.Record({ hash: bytes });
  const timer = idl.Opt(idl.Variant({ inactive: idl.Null, active: idl.Nat64 }));
  const hook = idl.Opt(
    idl.Variant({ condition_not_satisfied: idl.Null, ready: idl.Null, executed: idl.Null }),
  );
  const content = {
    wasm_module_size: idl.Nat64,
    globals: idl.Vec(
      idl.Variant({ i32: idl.Int32, i64: idl.Int64, f32: idl.Float32, f64: idl.Float64, v128: idl.Nat }),
    ),
    wasm_memory_size: idl.Nat64,
    stable_memory_size: idl.Nat64,
    certified_data: bytes,
    global_timer: timer,
    on_low_wasm_memory_hook_status: hook,
  };
  return idl.Service({
    read_canister_snapshot_metadata: idl.Func(
      [idl.Record(named)],
      [
        idl.Record({
          ...content,
          taken_at_timestamp: idl.Nat64,
          wasm_chunk_store: idl.Vec(chunkHash),
          canister_version: idl.Nat64,
        }),
      ],
      [],
    ),
    read_canister_snapshot_data: idl.Func(
      [
        idl.Record({
          ...named,
          kind: idl.Variant({
            wasm_module: range,
            wasm_memory: range,
            stable_memory: range,
            wasm_chunk: chunkHash,
          }),
        }),
      ],
      [idl.Record({ chunk: bytes })],
      [],
    ),
    upload_canister_snapshot_metadata: idl.Func(
      [idl.Record({ canister_id: idl.Principal, replace_snapshot: idl.Opt(bytes), ...content })],
      [idl.Record({ snapshot_id: bytes })],
      [],
    ),
    upload_canister_snapshot_data: idl.Func(
      [
        idl.Record({
          ...named,
          kind: idl.Variant({
            wasm_module: from,
            wasm_memory: from,
            stable_memory: from,
            wasm_chunk: idl.Null,
          }),
          chunk: bytes,
        }),
      ],
      [],
      [],
    ),
  });
};

/** @param about the canister that the snapshots are of: requests are sent to its subnet */
export function snapshotManagement(agent: Agent, about: string): SnapshotManagement {
  return Actor.createActor<SnapshotManagement>(idlFactory, {
    agent,
    canisterId: Principal.managementCanister(),
    effectiveCanisterId: Principal.fromText(about),
  });
}
