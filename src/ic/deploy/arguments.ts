import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import type { DeployedCanister } from "../../base/canister-names.ts";
import type { KilnCanisters } from "../network/deployment.ts";

const Configured = { global_configuration: IDL.Principal };

/**
 * The Candid arguments with which a canister is installed and upgraded.
 * @param admin text form of the principal that is the first admin
 */
export function argumentsOf(canister: DeployedCanister, canisters: KilnCanisters, admin: string): Uint8Array {
  const id = (name: DeployedCanister) => Principal.fromText(canisters[name]);
  const global_configuration = id("global_configuration");
  switch (canister) {
    case "global_configuration":
      return IDL.encode(
        [IDL.Record({ admins: IDL.Vec(IDL.Principal) })],
        [{ admins: [Principal.fromText(admin)] }],
      );
    case "storage":
    case "content_index":
      return IDL.encode([IDL.Record(Configured)], [{ global_configuration }]);
    case "data_backup":
      return IDL.encode(
        [IDL.Record({ ...Configured, user_index: IDL.Principal })],
        [{ global_configuration, user_index: id("user_index") }],
      );
    case "user_index": {
      const optional = IDL.Opt(IDL.Principal);
      return IDL.encode(
        [IDL.Record({ ...Configured, content_index: optional, data_backup: optional })],
        [{ global_configuration, content_index: [id("content_index")], data_backup: [id("data_backup")] }],
      );
    }
  }
}
