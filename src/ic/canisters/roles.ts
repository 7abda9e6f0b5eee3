import { Actor, type HttpAgent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { idlFactory, type _SERVICE as Service } from "@kiln/client/bindings/global_configuration";
import { Count, readResult, unauthorized } from "@kiln/client/network/reply";
import { withRetry } from "@kiln/client/network/retry";
import { z } from "zod";
import { TypedError } from "../../base/typed-error.ts";
import { subnetOf } from "../network/subnets.ts";

/** What a principal may do. `uploader` and `committer` are the two halves of what a `publisher` does in storage. */
export type Role =
  | "admin"
  | "publisher"
  | "uploader"
  | "committer"
  | "recommender"
  | "moderator"
  | "canister";

const Refusal = z.union([z.object({ unauthorized: z.string() }), z.object({ invalid: z.string() })]);

/**
 * Grants a role to a principal. No effect if the principal already has it.
 * @param configuration id of global_configuration; the agent's principal must be an admin there
 * @throws TypedError UNAUTHORIZED, ROLE_INVALID, and those of `withRetry`
 */
export async function grantRole(
  agent: HttpAgent,
  configuration: string,
  member: string,
  role: Role,
): Promise<void> {
  const variant = { [role]: null } as Parameters<Service["grant"]>[1];
  const principal = Principal.fromText(member);
  await change(agent, configuration, (actor) => actor.grant(principal, variant));
}

/** What a canister of the project is for. */
export type CanisterKind =
  | "global_configuration"
  | "user_index"
  | "user"
  | "content_index"
  | "storage"
  | "data_backup";

/**
 * Adds a canister and its subnet to the project's directory and grants it the role canister.
 * @param configuration id of global_configuration; the agent's principal must be an admin there
 * @throws TypedError UNAUTHORIZED, ROLE_INVALID, and those of `withRetry`
 */
export async function registerCanister(
  agent: HttpAgent,
  configuration: string,
  { id, kind }: { id: string; kind: CanisterKind },
): Promise<void> {
  const variant = { [kind]: null } as Parameters<Service["register_canister"]>[0]["kind"];
  const on = await subnetOf(agent, id);
  const subnet: [] | [Principal] = on === undefined ? [] : [Principal.fromText(on)];
  const canister = { id: Principal.fromText(id), kind: variant, subnet };
  await change(agent, configuration, (actor) => actor.register_canister(canister));
}

async function change(
  agent: HttpAgent,
  configuration: string,
  call: (actor: Service) => Promise<unknown>,
): Promise<void> {
  const actor = Actor.createActor<Service>(idlFactory, { agent, canisterId: configuration });
  const target = `global_configuration canister ${configuration}`;
  const reply = readResult(Count, Refusal, await withRetry(() => call(actor), { target }), target);
  if (reply.kind === "ok") return;
  if ("invalid" in reply.error) throw new TypedError("ROLE_INVALID", `${target}: ${reply.error.invalid}`);
  const caller = (await agent.getPrincipal()).toText();
  throw unauthorized({ target, caller, why: reply.error.unauthorized });
}
