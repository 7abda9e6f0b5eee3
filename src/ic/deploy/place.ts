import { createHash } from "node:crypto";
import type { DeployedCanister } from "../../base/canister-names.ts";

/** Where new canisters should go, as given by the user: a default subnet, and exceptions. */
export type Subnets = { all?: string | undefined; roles: { [name in DeployedCanister]?: string } };

/** A new canister goes to a given subnet, to any, to that of global_configuration, or to another one than the rest. */
export type Place = { on: string } | "anywhere" | "together" | "apart";

/**
 * Copies belong on another subnet than their originals. The others stay together, so that queries can join their data.
 */
export function placeOf(canister: DeployedCanister, { all, roles }: Subnets): Place {
  const on = roles[canister] ?? all;
  if (on !== undefined) return { on };
  if (canister === "data_backup") return "apart";
  return canister === "global_configuration" ? "anywhere" : "together";
}

/**
 * The subnet of a place; undefined: the network chooses.
 * @param known of global_configuration, of all canisters that there are, and the subnets that are open to everyone
 */
export function subnetFor(
  place: Place,
  known: { home: string | undefined; taken: readonly string[]; open: readonly string[] },
): string | undefined {
  if (typeof place === "object") return place.on;
  if (place === "anywhere") return undefined;
  const elsewhere = known.open.filter((subnet) => !known.taken.includes(subnet));
  if (place === "together" || elsewhere.length === 0) return known.home;
  // Spreads projects over all subnets; a retry picks the same one.
  const [byte = 0] = createHash("sha256")
    .update(known.home ?? "")
    .digest();
  return elsewhere[byte % elsewhere.length];
}
