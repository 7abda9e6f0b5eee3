import { CanisterStatus, type HttpAgent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { z } from "zod";

/**
 * The types of a canister's stable variables, from the metadata of its Motoko module; certified, for controllers only.
 * @returns undefined for a module that has none
 */
export async function stableSignature(agent: HttpAgent, canisterId: string): Promise<string | undefined> {
  const path = {
    kind: "metadata",
    key: "types",
    path: "motoko:stable-types",
    decodeStrategy: "utf-8",
  } as const;
  const status = await CanisterStatus.request({
    agent,
    canisterId: Principal.fromText(canisterId),
    paths: [path],
  });
  return z.string().nullish().parse(status.get("types")) ?? undefined;
}
