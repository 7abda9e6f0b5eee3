import { fileURLToPath } from "node:url";
import { compileMotoko } from "@kiln/localnet";

const root = new URL("../../", import.meta.url);

export const canisterNames = ["global_configuration", "storage", "content_index"] as const;
export type CanisterName = (typeof canisterNames)[number];

/**
 * Compiles Kiln's canisters, or takes them from `.cache/` when neither their sources nor the compiler changed.
 * @returns the Wasm module of each
 * @throws LocalnetError MOTOKO_REFUSED with file, line and message
 */
export async function compileCanisters(): Promise<Record<CanisterName, Uint8Array>> {
  const cache = fileURLToPath(new URL(".cache/canisters", root));
  const compiled = await Promise.all(
    canisterNames.map(async (name) => {
      const main = fileURLToPath(new URL(`canisters/${name}/main.mo`, root));
      // What only a canister's author wants to know is not published; what a client needs is.
      const { wasm } = await compileMotoko({
        main,
        cache,
        publicSections: ["candid:service", "supported_certificate_versions"],
      });
      return [name, wasm] as const;
    }),
  );
  return Object.fromEntries(compiled) as Record<CanisterName, Uint8Array>;
}
