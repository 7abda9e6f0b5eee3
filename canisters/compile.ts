import { fileURLToPath } from "node:url";
import { compileMotoko } from "@kiln/localnet";
import { type CanisterName, canisterNames } from "../src/base/canister-names.ts";

const root = new URL("../", import.meta.url);

/** A module, its interface, the signature of its stable variables. */
export type Compiled = Awaited<ReturnType<typeof compileMotoko>>;

/**
 * Compiles one of Kiln's canisters, or takes it from `.cache/` when neither its sources nor the compiler changed.
 * @throws LocalnetError MOTOKO_REFUSED with file, line and message
 */
export async function compileCanister(name: CanisterName): Promise<Compiled> {
  return await compileMotoko({
    main: fileURLToPath(new URL(`canisters/${name}/main.mo`, root)),
    cache: fileURLToPath(new URL(".cache/canisters", root)),
    // What gateways of the Internet Computer ask for before they trust a certified answer.
    metadata: name === "storage" ? { supported_certificate_versions: "2" } : {},
  });
}

export async function compileAll(): Promise<Record<CanisterName, Compiled>> {
  const entries = await Promise.all(
    canisterNames.map(async (name) => [name, await compileCanister(name)] as const),
  );
  return Object.fromEntries(entries) as Record<CanisterName, Compiled>;
}

/** @returns the Wasm module of each */
export async function compileCanisters(): Promise<Record<CanisterName, Uint8Array>> {
  return modulesOf(await compileAll());
}

export function modulesOf(compiled: Record<CanisterName, Compiled>): Record<CanisterName, Uint8Array> {
  const entries = canisterNames.map((name) => [name, compiled[name].wasm]);
  return Object.fromEntries(entries) as Record<CanisterName, Uint8Array>;
}
