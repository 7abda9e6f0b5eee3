import { Actor, type HttpAgent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { type _SERVICE as Configuration, idlFactory } from "@kiln/client/bindings/global_configuration";
import { PrincipalText, readReply } from "@kiln/client/network/reply";
import { withRetry } from "@kiln/client/network/retry";
import { z } from "zod";
import { deployedCanisters } from "../../base/canister-names.ts";
import { canistersOf } from "../canisters/directory.ts";
import { management } from "../canisters/management.ts";
import { userIndexClient } from "../canisters/user-index-client.ts";
import type { FoundCanisters, KilnCanisters } from "../network/deployment.ts";
import { publishedDomains } from "./domains.ts";
import { moduleHash } from "./install.ts";
import type { Observed } from "./plan.ts";
import type { Replacement } from "./replace-code.ts";

/**
 * Reads what is deployed on a network. What a canister of an older release cannot report counts as absent.
 * @param underWay the upgrade that a killed process left in its journal
 * @throws TypedError those of `withRetry`
 */
export async function observe(
  agent: HttpAgent,
  ids: FoundCanisters,
  underWay?: Replacement | undefined,
): Promise<Observed> {
  const canisters: Observed["canisters"] = {};
  for (const name of deployedCanisters) {
    const id = ids[name];
    if (id === undefined) continue;
    canisters[name] = { id, moduleHash: await moduleHash(agent, id), stopped: await standsStill(agent, id) };
  }
  // A stopped canister cannot be queried.
  const installed = (name: keyof KilnCanisters) =>
    canisters[name]?.moduleHash === undefined || canisters[name].stopped ? undefined : canisters[name].id;
  const storage = installed("storage");
  return {
    canisters,
    domains: storage === undefined ? [] : await publishedDomains(agent, storage),
    buckets: await observeBuckets(agent, installed("global_configuration"), ids.storage),
    underWay,
    ...(await observeConfiguration(agent, installed("global_configuration"))),
    ...(await observeUserIndex(agent, installed("user_index"))),
  };
}

async function observeBuckets(
  agent: HttpAgent,
  configuration: string | undefined,
  first: string | undefined,
): Promise<Observed["buckets"]> {
  if (configuration === undefined) return [];
  const ids = await canistersOf(agent, configuration, "storage").catch(() => []);
  const buckets = ids
    .filter((id) => id !== first)
    .map(async (id) => ({ id, moduleHash: (await moduleHash(agent, id)) ?? "" }));
  return Promise.all(buckets);
}

/** @throws TypedError CALL_REFUSED when the agent's principal does not control the canister */
async function standsStill(agent: HttpAgent, id: string): Promise<boolean> {
  const target = { canister_id: Principal.fromText(id) };
  const state = await withRetry(() => management(agent, id).canister_status(target), {
    target: `canister ${id}`,
  });
  return "stopped" in state.status;
}

const Directory = z.array(z.object({ id: PrincipalText }));

async function observeConfiguration(
  agent: HttpAgent,
  canisterId: string | undefined,
): Promise<Pick<Observed, "registered" | "deployerPublishes">> {
  if (canisterId === undefined) return { registered: new Set(), deployerPublishes: false };
  const actor = Actor.createActor<Configuration>(idlFactory, { agent, canisterId });
  const target = `global_configuration canister ${canisterId}`;
  const deployer = await agent.getPrincipal();
  const publishes = await withRetry(() => actor.has_role(deployer, { publisher: null }), { target });
  const registered = new Set<string>();
  for (const kind of deployedCanisters) {
    const variant = { [kind]: null } as Parameters<Configuration["canisters"]>[0]["kind"][0] & object;
    const page = await actor
      .canisters({ kind: [variant], subnet: [], after: [], limit: 100 })
      .catch(() => []);
    for (const { id } of readReply(Directory, page, target)) registered.add(id);
  }
  return { registered, deployerPublishes: readReply(z.boolean(), publishes, target) };
}

async function observeUserIndex(
  agent: HttpAgent,
  canisterId: string | undefined,
): Promise<Pick<Observed, "watched" | "userModule" | "settings">> {
  if (canisterId === undefined) return { watched: new Set(), userModule: undefined, settings: undefined };
  const client = userIndexClient({ agent, canisterId });
  const { watched } = await client.funding();
  const { sha256, state } = await client.upgrades();
  const known = sha256.length > 0 && state !== "idle";
  return {
    settings: await client.settings(),
    watched: new Set(watched.map(({ canister }) => canister)),
    userModule: known ? Buffer.from(sha256).toString("hex") : undefined,
  };
}

/** A query that a healthy canister of every release answers. */
export async function answers(
  agent: HttpAgent,
  name: keyof KilnCanisters,
  canisterId: string,
): Promise<void> {
  const target = `${name} canister ${canisterId}`;
  if (name === "user_index") await userIndexClient({ agent, canisterId }).status();
  else if (name === "global_configuration") {
    const actor = Actor.createActor<Configuration>(idlFactory, { agent, canisterId });
    await withRetry(() => actor.has_role(Principal.anonymous(), { admin: null }), { target });
  } else {
    const status = Actor.createActor<{ status: () => Promise<object> }>(
      ({ IDL }) => IDL.Service({ status: IDL.Func([], [IDL.Record({})], ["query"]) }),
      { agent, canisterId },
    );
    await withRetry(() => status.status(), { target });
  }
}
