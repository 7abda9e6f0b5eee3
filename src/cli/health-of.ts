import { type CanisterHealth, canisterHealth } from "../ic/canister-health.ts";
import { canistersOf } from "../ic/directory.ts";
import { userIndexClient } from "../ic/user-index-client.ts";
import type { DeployedTarget } from "./deploy-target.ts";

/** How all of Kiln's canisters are: the five, the other buckets, user canisters. */
export async function healthOf({ agent, canisters: all }: DeployedTarget): Promise<CanisterHealth[]> {
  const named = Object.entries(all).map(([name, id]) => ({ name, id }));
  for (const id of await canistersOf(agent, all.global_configuration, "storage"))
    if (id !== all.storage) named.push({ name: "storage", id });
  const index = userIndexClient({ agent, canisterId: all.user_index });
  for await (const { id, state } of index.canisters()) named.push({ name: `user (${state})`, id });
  return Promise.all(named.map((canister) => canisterHealth(agent, canister)));
}
