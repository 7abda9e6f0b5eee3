import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { z } from "zod";
import { HttpRefusal } from "./refusal.ts";

/** What the URL of a request names. */
export type Target = { kind: "canister" | "subnet"; id: Uint8Array };

/** The part of a request that names its recipient. */
interface Addressed {
  canister_id: Uint8Array;
  method_name: string;
  arg: Uint8Array;
}

const named = z.record(
  z.string(),
  z.custom<Principal>((value) => value instanceof Principal),
);

/** A canister is created by a call that can name any canister of the subnet it is to be on. */
const namesNoCanister = new Set([
  "provisional_create_canister_with_cycles",
  "create_canister",
  "raw_rand",
  "list_canisters",
]);

/**
 * Refuses a request whose URL and content name different canisters.
 * @source IC interface specification, "Effective canister id"
 * @throws HttpRefusal 400
 */
export function checkEffectiveCanister(request: Addressed, target: Target): void {
  const isManagement = request.canister_id.length === 0;
  if (target.kind === "subnet") {
    if (isManagement) return;
    throw new HttpRefusal(400, "Only the management canister is reached by way of a subnet.");
  }
  if (isManagement && namesNoCanister.has(request.method_name)) return;
  const expected = isManagement ? canisterInArgument(request) : request.canister_id;
  if (Buffer.from(expected).equals(target.id)) return;
  throw new HttpRefusal(
    400,
    `Specified CanisterId ${text(expected)} does not match effective canister id in URL ${text(target.id)}`,
  );
}

function canisterInArgument({ method_name, arg }: Addressed): Uint8Array {
  for (const field of ["canister_id", "target_canister"]) {
    try {
      const [record] = IDL.decode([IDL.Record({ [field]: IDL.Principal })], arg);
      return named.parse(record)[field]!.toUint8Array();
    } catch {
      // The argument lacks this field: another name is tried.
    }
  }
  throw new HttpRefusal(400, `The argument of ${method_name} names no canister: it must hold a canister_id`);
}

function text(id: Uint8Array): string {
  return Principal.fromUint8Array(id).toText();
}
