import { Actor, CanisterStatus, type HttpAgent } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { z } from "zod";
import { TypedError } from "../telemetry/typed-error.ts";
import { idlFactory, type _SERVICE as Service } from "./bindings/global_configuration.ts";
import type { KilnCanisters } from "./deployment.ts";
import { installCanister } from "./install.ts";
import { Count, readResult, unauthorized } from "./reply.ts";
import { withRetry } from "./retry.ts";

/** The modules of the three canisters. */
export type KilnModules = Record<keyof KilnCanisters, Uint8Array>;

/** What a principal may do. `uploader` and `committer` are the two halves of what a `publisher` does in storage. */
export type Role =
  | "admin"
  | "publisher"
  | "uploader"
  | "committer"
  | "recommender"
  | "moderator"
  | "canister";

const AdminsArg = IDL.Record({ admins: IDL.Vec(IDL.Principal) });
const ConfigurationArg = IDL.Record({ global_configuration: IDL.Principal });

/**
 * Installs Kiln's canisters and wires them: global_configuration with the agent's principal as admin and
 * publisher, storage and content_index that ask it for roles. Run again with the ids it upgrades what has
 * changed and keeps everything they hold.
 * @throws TypedError as installCanister, and UNAUTHORIZED when the agent is no admin any more
 */
export async function installKiln(options: {
  agent: HttpAgent;
  modules: KilnModules;
  canisters?: KilnCanisters | undefined;
}): Promise<KilnCanisters> {
  const { agent, modules, canisters } = options;
  const deployer = await agent.getPrincipal();
  const mode = canisters === undefined ? "install" : "upgrade";
  const install = (name: keyof KilnCanisters, arg: Uint8Array) =>
    installCanister({ agent, wasm: modules[name], arg, canisterId: canisters?.[name], mode });

  const global_configuration = await install(
    "global_configuration",
    IDL.encode([AdminsArg], [{ admins: [deployer] }]),
  );
  const arg = IDL.encode(
    [ConfigurationArg],
    [{ global_configuration: Principal.fromText(global_configuration) }],
  );
  const storage = await install("storage", arg);
  const content_index = await install("content_index", arg);
  const installed = { global_configuration, storage, content_index };
  await grantRole(agent, global_configuration, deployer.toText(), "publisher");
  for (const kind of Object.keys(installed) as (keyof KilnCanisters)[])
    await registerCanister(agent, global_configuration, { id: installed[kind], kind });
  return installed;
}

const Refusal = z.union([z.object({ unauthorized: z.string() }), z.object({ invalid: z.string() })]);

/**
 * Gives a principal a role; a role that it has already is left alone.
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
 * Enters a canister, with the subnet that it runs on, into the project's directory and gives it the role canister.
 * @param configuration id of global_configuration; the agent's principal must be an admin there
 * @throws TypedError UNAUTHORIZED, ROLE_INVALID, and those of `withRetry`
 */
export async function registerCanister(
  agent: HttpAgent,
  configuration: string,
  { id, kind }: { id: string; kind: CanisterKind },
): Promise<void> {
  const variant = { [kind]: null } as Parameters<Service["register_canister"]>[0]["kind"];
  const canister = { id: Principal.fromText(id), kind: variant, subnet: await subnetOf(agent, id) };
  await change(agent, configuration, (actor) => actor.register_canister(canister));
}

/** Certified; empty where the network does not say it. */
async function subnetOf(agent: HttpAgent, canisterId: string): Promise<[] | [Principal]> {
  const status = await CanisterStatus.request({
    agent,
    canisterId: Principal.fromText(canisterId),
    paths: ["subnet"],
  });
  const { data } = SubnetPath.safeParse(status.get("subnet"));
  return data === undefined ? [] : [Principal.fromText(data.subnetId)];
}

const SubnetPath = z.object({ subnetId: z.string() });

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
