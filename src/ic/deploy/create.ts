import type { HttpAgent } from "@dfinity/agent";
import { cyclesLedger } from "../canisters/cycles-ledger.ts";
import type { FoundCanisters } from "../network/deployment.ts";
import { defaultSubnets, firstIdOn, subnetOf } from "../network/subnets.ts";
import { createCanister } from "./install.ts";
import { type Place, subnetFor } from "./place.ts";

/** Who pays the cycles of new canisters: the deployer's account; a local network charges nothing. */
export type Payer = "ledger" | "network";

/**
 * Creates an empty canister in its place.
 * @param options.canisters those that there are
 * @throws TypedError SUBNET_UNKNOWN, CYCLES_REFUSED, CANISTER_UNREACHABLE, CALL_REFUSED
 */
export async function create(
  agent: HttpAgent,
  options: { place: Place; cycles: bigint; payer: Payer; canisters: FoundCanisters },
): Promise<string> {
  const { place, cycles, payer, canisters } = options;
  const subnet = await resolve(agent, place, canisters);
  if (payer === "ledger") return cyclesLedger(agent).createCanister({ cycles, subnet });
  const near = subnet === undefined ? undefined : await firstIdOn(agent, subnet);
  return createCanister(agent, { cycles, near });
}

async function resolve(
  agent: HttpAgent,
  place: Place,
  canisters: FoundCanisters,
): Promise<string | undefined> {
  if (typeof place === "object") return place.on;
  const { global_configuration: first } = canisters;
  if (place === "anywhere" || first === undefined) return undefined;
  const home = await subnetOf(agent, first);
  if (place === "together") return home;
  const ids = Object.values(canisters).filter((id) => id !== undefined);
  const taken = await Promise.all(ids.map((id) => subnetOf(agent, id)));
  const open = await defaultSubnets(agent);
  return subnetFor(place, { home, taken: taken.filter((subnet) => subnet !== undefined), open });
}
