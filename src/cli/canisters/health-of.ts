import { type CanisterHealth, canisterHealth, unknownHealth } from "../../ic/canisters/canister-health.ts";
import { canistersOf } from "../../ic/canisters/directory.ts";
import { userIndexClient } from "../../ic/canisters/user-index-client.ts";
import type { DeployedTarget } from "../deploy/deploy-target.ts";

type Named = { name: string; id: string };

/**
 * How all of Kiln's canisters are: the five, the other buckets, user canisters. Where who names them does not answer,
 * perhaps because it is frozen, its failure is reported instead.
 */
export async function healthOf({ agent, canisters: all }: DeployedTarget): Promise<CanisterHealth[]> {
  const five = Object.entries(all).map(([name, id]) => ({ name, id }));
  const buckets = async () => {
    const ids = await canistersOf(agent, all.global_configuration, "storage");
    return ids.filter((id) => id !== all.storage).map((id) => ({ name: "storage", id }));
  };
  const users = async () => {
    const named: Named[] = [];
    const index = userIndexClient({ agent, canisterId: all.user_index });
    for await (const { id, state } of index.canisters()) named.push({ name: `user (${state})`, id });
    return named;
  };
  const ask = (named: Named[]) => Promise.all(named.map((canister) => canisterHealth(agent, canister)));
  const unnamed = (name: string, id: string) => (cause: unknown) => [unknownHealth({ name, id }, cause)];
  const groups = [
    ask(five),
    buckets().then(ask, unnamed("the other buckets, by", all.global_configuration)),
    users().then(ask, unnamed("user canisters, by", all.user_index)),
  ];
  return (await Promise.all(groups)).flat();
}
