import type { HttpAgent } from "@dfinity/agent";
import { TypedError } from "../telemetry/typed-error.ts";
import { createAgent, isLoopback, principalOf, type RootKey } from "./agent.ts";
import { type Deployment, localDeploymentFile, readDeployment } from "./deployment.ts";
import { readIdentity } from "./identity.ts";
import { type IndexClient, indexClient } from "./index-client.ts";
import type { IcSettings } from "./settings.ts";
import { type StorageClient, storageClient } from "./storage-client.ts";

/** Kiln's canisters on one network, and who speaks to them. */
export type Connection = {
  /** URL of the network. */
  host: string;
  /** Text form of the principal that signs. */
  principal: string;
  agent: HttpAgent;
  /** The storage canisters, one at least; `storage` is the first. */
  buckets: StorageClient[];
  storage: StorageClient;
  index: IndexClient;
};

/**
 * Connects to the network that the settings name; what they leave open comes from the running local network.
 * @param deploymentFile what `kiln localnet` wrote
 * @throws TypedError NETWORK_UNKNOWN, CANISTER_UNREACHABLE, and those of `readIdentity`
 */
export async function connect(
  settings: IcSettings,
  deploymentFile: string = localDeploymentFile,
): Promise<Connection> {
  const local = await readDeployment(deploymentFile);
  const { host, identity, storage, index, rootKey } = choose(settings, local);
  const agent = await createAgent({ host, identity: await readIdentity(identity), rootKey });
  const buckets = storage.map((canisterId) => storageClient({ agent, canisterId }));
  return {
    host,
    principal: await principalOf(agent),
    agent,
    buckets,
    storage: buckets[0]!,
    index: indexClient({ agent, canisterId: index }),
  };
}

/** The addresses that a connection needs. */
export type Addresses = {
  host: string;
  identity: string;
  storage: string[];
  index: string;
  rootKey: RootKey;
};

/**
 * What the settings say, and the local network where they say nothing. A host of one's own has nothing in
 * common with the local network, so nothing is taken from there.
 */
export function choose(settings: IcSettings, local: Deployment | undefined): Addresses {
  const host = settings.KILN_IC_HOST ?? local?.host;
  const same = local?.host === host ? local : undefined;
  const identity = settings.KILN_IDENTITY ?? same?.identity;
  const storage = settings.KILN_STORAGE_CANISTER ?? (same && [same.canisters.storage]);
  const index = settings.KILN_CONTENT_INDEX_CANISTER ?? same?.canisters.content_index;
  if (host === undefined || identity === undefined || storage === undefined || index === undefined) {
    const missing = [
      host === undefined && "KILN_IC_HOST",
      identity === undefined && "KILN_IDENTITY",
      storage === undefined && "KILN_STORAGE_CANISTER",
      index === undefined && "KILN_CONTENT_INDEX_CANISTER",
    ].filter((name) => name !== false);
    throw new TypedError(
      "NETWORK_UNKNOWN",
      `no network to publish to: start one with kiln localnet, or set ${missing.join(", ")}`,
    );
  }
  return { host, identity, storage, index, rootKey: chooseRootKey(settings, host) };
}

/** A host's own word is taken only when it is this machine or the user asks for it. */
function chooseRootKey({ KILN_IC_ROOT_KEY: given }: IcSettings, host: string): RootKey {
  if (given === undefined) return { from: isLoopback(host) ? "host" : "mainnet" };
  if (given === "mainnet") return { from: "mainnet" };
  if (given === "fetch") return { from: "host" };
  return { from: "bytes", bytes: Buffer.from(given, "hex") };
}
