import { readFile } from "node:fs/promises";
import type { RootKey } from "@kiln/client/network/agent";
import { isLoopback, isMainnet } from "@kiln/client/network/hosts";
import { TypedError } from "../../base/typed-error.ts";

/** The path of a file with the key in DER, as replicas write it, is allowed, too. */
export type ChosenKey = RootKey | { from: "file"; path: string };

/**
 * The key that a network's replies are verified with. A key fetched from the host is trusted only if the host is this
 * machine or the user asked for it.
 * @param given KILN_IC_ROOT_KEY: `mainnet`, `fetch`, hexadecimal or the path of a DER file
 * @throws TypedError ROOT_KEY_UNKNOWN for another network without a key
 */
export function chooseRootKey(host: string, given: string | undefined): ChosenKey {
  if (given === "mainnet") return { from: "mainnet" };
  if (given === "fetch") return { from: "host" };
  if (given !== undefined && /^([0-9a-f]{2})+$/i.test(given))
    return { from: "bytes", bytes: Buffer.from(given, "hex") };
  if (given !== undefined) return { from: "file", path: given };
  if (isMainnet(host)) return { from: "mainnet" };
  if (isLoopback(new URL(host).hostname)) return { from: "host" };
  throw new TypedError(
    "ROOT_KEY_UNKNOWN",
    `${host} is neither the Internet Computer nor this machine: give its root key in hexadecimal or as a DER file with --root-key or KILN_IC_ROOT_KEY; "fetch" takes the host's own word for it, "mainnet" says that it leads to the Internet Computer`,
  );
}

/** What stands before the 96 bytes of a BLS12-381 key. @source IC interface specification, "Canister signatures" */
const derPrefix = Buffer.from(
  "308182301d060d2b0601040182dc7c0503010201060c2b0601040182dc7c05030201036100",
  "hex",
);

/** @throws TypedError ROOT_KEY_INVALID */
export async function readRootKey(chosen: ChosenKey): Promise<RootKey> {
  if (chosen.from === "mainnet" || chosen.from === "host") return chosen;
  const bytes = chosen.from === "file" ? await read(chosen.path) : chosen.bytes;
  if (bytes.length === derPrefix.length + 96 && derPrefix.equals(bytes.subarray(0, derPrefix.length)))
    return { from: "bytes", bytes };
  throw new TypedError(
    "ROOT_KEY_INVALID",
    `${chosen.from === "file" ? chosen.path : "the root key"} is no DER-encoded BLS12-381 key of 133 bytes: kiln localnet prints one in hexadecimal`,
  );
}

async function read(path: string): Promise<Uint8Array> {
  return readFile(path).catch((cause: Error) => {
    throw new TypedError(
      "ROOT_KEY_INVALID",
      `${path} is neither mainnet, fetch, hexadecimal nor a DER file that can be read: ${cause.message}`,
      { cause },
    );
  });
}
