import { createHash } from "node:crypto";
import type { DeployedCanister } from "../../base/canister-names.ts";

/** Where new canisters are to go, as the user says it: a subnet for all, and others for some. */
export type Subnets = { all?: string | undefined; roles: { [name in DeployedCanister]?: string } };

/** Where a new canister goes: on a subnet, where the network likes, where global_configuration is, or elsewhere than the rest. */
export type Place = { on: string } | "anywhere" | "together" | "apart";

/**
 * Copies belong on another subnet than what they are copies of. The others stay together, so that queries may join what
 * they hold.
 */
export function placeOf(canister: DeployedCanister, { all, roles }: Subnets): Place {
  const on = roles[canister] ?? all;
  if (on !== undefined) return { on };
  if (canister === "data_backup") return "apart";
  return canister === "global_configuration" ? "anywhere" : "together";
}

/**
 * The subnet of a place; undefined: the network chooses.
 * @param known of global_configuration, of all canisters that there are, and where everybody may have canisters
 */
export function subnetFor(
  place: Place,
  known: { home: string | undefined; taken: readonly string[]; open: readonly string[] },
): string | undefined {
  if (typeof place === "object") return place.on;
  if (place === "anywhere") return undefined;
  const elsewhere = known.open.filter((subnet) => !known.taken.includes(subnet));
  if (place === "together" || elsewhere.length === 0) return known.home;
  // Projects spread over what there is, and one that tries again comes to the same subnet.
  const [byte = 0] = createHash("sha256")
    .update(known.home ?? "")
    .digest();
  return elsewhere[byte % elsewhere.length];
}
