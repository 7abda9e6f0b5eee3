import { fileURLToPath } from "node:url";
import type { HttpAgent } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { compileMotoko } from "@kiln/localnet";
import { installCanister } from "../../../src/ic/deploy/install.ts";

/** Installs the identity provider of canister.mo on a local network. */
export async function installProvider(agent: HttpAgent): Promise<Principal> {
  const { wasm } = await compileMotoko({
    main: fileURLToPath(new URL("canister.mo", import.meta.url)),
    cache: fileURLToPath(new URL("../../../.cache/canisters", import.meta.url)),
  });
  const arg = new Uint8Array(IDL.encode([], []));
  return Principal.fromText(await installCanister({ agent, wasm, arg, mode: "install" }));
}
