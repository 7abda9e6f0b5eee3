import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import type { Canister } from "../../canister/canister.ts";
import type { Change, ChangeDetails, ChangeOrigin } from "../../canister/history.ts";
import type { Opt } from "./interface.ts";
import type { ManagementCall } from "./method.ts";

const sender = IDL.Record({ sender_canister_version: IDL.Opt(IDL.Nat64) });

/** The origin of a change; a canister may give its version. */
export function originOf({ origin, caller, arg }: ManagementCall): ChangeOrigin {
  if (origin === "ingress") return { kind: "user", id: caller };
  const [record] = IDL.decode([sender], arg) as unknown as [{ sender_canister_version: Opt<bigint> }];
  return { kind: "canister", id: caller, version: record.sender_canister_version[0] };
}

/** The reply of canister_info. @param count how many changes to include; none by default */
export function infoOf({ history, program, settings }: Canister, count = 0n) {
  const { total, changes } = history;
  const requested = count < BigInt(changes.length) ? changes.slice(changes.length - Number(count)) : changes;
  return {
    total_num_changes: total,
    recent_changes: requested.map(shown),
    module_hash: program ? [program.module.hash] : [],
    controllers: principals(settings.controllers),
  };
}

function shown({ timestamp, version, origin, details }: Change) {
  return {
    timestamp_nanos: timestamp,
    canister_version: version,
    origin: shownOrigin(origin),
    details: shownDetails(details),
  };
}

function shownOrigin(origin: ChangeOrigin) {
  const id = Principal.fromUint8Array(origin.id);
  if (origin.kind === "user") return { from_user: { user_id: id } };
  const canister_version = origin.version === undefined ? [] : [origin.version];
  return { from_canister: { canister_id: id, canister_version } };
}

function shownDetails(details: ChangeDetails) {
  switch (details.kind) {
    case "creation":
      return { creation: { controllers: principals(details.controllers), environment_variables_hash: [] } };
    case "controllersChange":
      return { controllers_change: { controllers: principals(details.controllers) } };
    case "codeUninstall":
      return { code_uninstall: null };
    case "codeDeployment":
      return { code_deployment: { mode: { [details.mode]: null }, module_hash: details.moduleHash } };
    case "loadSnapshot":
      return {
        load_snapshot: {
          canister_version: details.canisterVersion,
          snapshot_id: details.snapshotId,
          taken_at_timestamp: details.takenAt,
          source: details.source === "taken" ? { taken_from_canister: null } : { metadata_upload: null },
        },
      };
  }
}

function principals(ids: Uint8Array[]): Principal[] {
  return ids.map((id) => Principal.fromUint8Array(id));
}
