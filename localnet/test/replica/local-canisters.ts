import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { compileMotoko } from "../../src/motoko/compile.ts";
import { types } from "../../src/replica/management/interface.ts";
import type { CallResult, Replica } from "../../src/replica/types.ts";

/** A caller for tests: any bytes will do, the HTTP side alone checks signatures. */
export const alice = Principal.fromUint8Array(new Uint8Array(29).fill(7)).toUint8Array();
export const bob = Principal.fromUint8Array(new Uint8Array(29).fill(8)).toUint8Array();

const cache = join(tmpdir(), "kiln-localnet-fixtures");

/** The Wasm of a Motoko actor in test/fixtures. */
export async function fixture(name: string): Promise<Uint8Array> {
  const main = fileURLToPath(new URL(`../fixtures/${name}.mo`, import.meta.url));
  return (await compileMotoko({ main, cache })).wasm;
}

function ingress(canisterId: Uint8Array, method: string, arg: Uint8Array, sender = alice) {
  return { requestId: new Uint8Array(randomBytes(32)), sender, canisterId, method, arg };
}

/** A call to the management canister, its argument and reply in JavaScript values. */
export async function manage(replica: Replica, method: keyof typeof types, arg: unknown, sender = alice) {
  const bytes = new Uint8Array(IDL.encode(types[method].arg, [arg]));
  const result = await replica.update(ingress(new Uint8Array(), method, bytes, sender));
  return decoded(result, types[method].reply);
}

/** What a reply decodes to; the test knows what it is. */
// biome-ignore lint/suspicious/noExplicitAny: the Candid types of a reply are known to the test alone
export type Value = any;

/** The values of a reply. @throws Error with code and message of a rejection */
export function decoded(result: CallResult, reply: IDL.Type[]): Value {
  if (result.status === "replied") return IDL.decode(reply, result.reply)[0];
  throw new Error(`${result.errorCode} (${result.code}): ${result.message}`);
}

export const emptyArg = new Uint8Array(IDL.encode([], []));

export const noSettings = {
  controllers: [],
  compute_allocation: [],
  memory_allocation: [],
  freezing_threshold: [],
  reserved_cycles_limit: [],
  log_visibility: [],
  log_memory_limit: [],
  snapshot_visibility: [],
  status_visibility: [],
  minimum_incoming_canister_call_cycles: [],
  environment_variables: [],
  wasm_memory_limit: [],
  wasm_memory_threshold: [],
};

export async function create(
  replica: Replica,
  options: { id?: Principal; cycles?: bigint } = {},
): Promise<Principal> {
  const arg = {
    amount: options.cycles === undefined ? [] : [options.cycles],
    settings: [],
    specified_id: options.id ? [options.id] : [],
  };
  return (await manage(replica, "provisional_create_canister_with_cycles", arg)).canister_id;
}

export const modes = {
  install: { install: null },
  reinstall: { reinstall: null },
  keep: { upgrade: [{ skip_pre_upgrade: [], wasm_memory_persistence: [{ keep: null }] }] },
  replace: { upgrade: [{ skip_pre_upgrade: [], wasm_memory_persistence: [{ replace: null }] }] },
  unspecified: { upgrade: [] },
} as const;

export async function installCode(
  replica: Replica,
  id: Principal,
  wasm: Uint8Array,
  mode: keyof typeof modes = "install",
  arg: Uint8Array = emptyArg,
): Promise<void> {
  await manage(replica, "install_code", { mode: modes[mode], canister_id: id, wasm_module: wasm, arg });
}

/** A canister as tests talk to it. */
export interface Actor {
  id: Principal;
  update(method: string, args?: [IDL.Type, unknown][], reply?: IDL.Type[]): Promise<Value>;
  query(
    method: string,
    args?: [IDL.Type, unknown][],
    reply?: IDL.Type[],
    certificate?: Uint8Array,
  ): Promise<Value>;
}

export function actorOf(replica: Replica, id: Principal): Actor {
  const encode = (args: [IDL.Type, unknown][]) =>
    new Uint8Array(
      IDL.encode(
        args.map(([type]) => type),
        args.map(([, value]) => value),
      ),
    );
  const call = (method: string, args: [IDL.Type, unknown][]) =>
    ingress(id.toUint8Array(), method, encode(args));
  return {
    id,
    update: async (method, args = [], reply = [IDL.Nat]) =>
      decoded(await replica.update(call(method, args)), reply),
    query: async (method, args = [], reply = [IDL.Nat], certificate) =>
      decoded(await replica.query(call(method, args), certificate), reply),
  };
}

export async function deploy(replica: Replica, wasm: Uint8Array): Promise<Actor> {
  const id = await create(replica);
  await installCode(replica, id, wasm);
  return actorOf(replica, id);
}
