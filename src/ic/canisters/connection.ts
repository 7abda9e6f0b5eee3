import type { HttpAgent } from "@dfinity/agent";
import { createAgent, principalOf } from "@kiln/client/network/agent";
import { TypedError } from "../../base/typed-error.ts";
import { type Deployment, localDeploymentFile, readDeployment } from "../network/deployment.ts";
import { readIdentity } from "../network/identity.ts";
import { type ChosenKey, chooseRootKey, readRootKey } from "../network/root-key.ts";
import type { IcSettings } from "../network/settings.ts";
import { canistersOf } from "./directory.ts";
import { type EngagementClient, engagementClient } from "./engagement-client.ts";
import { type IndexClient, indexClient } from "./index-client.ts";
import { type PostStatusClient, postStatusClient } from "./post-status-client.ts";
import { type StorageClient, storageClient } from "./storage-client.ts";

/** Kiln's canisters on one network, and the identity that calls them. */
export type Connection = {
  /** URL of the network. */
  host: string;
  /** Text form of the principal that signs. */
  principal: string;
  agent: HttpAgent;
  /** The storage canisters, at least one; `storage` is the first. */
  buckets: StorageClient[];
  storage: StorageClient;
  index: IndexClient;
  /** Absent if neither the settings nor the local network name a user_index. */
  posts: PostStatusClient | undefined;
  /** What users do on chain; absent where `posts` is. */
  engagement: EngagementClient | undefined;
};

/**
 * Connects to the network that the settings name. Missing settings are taken from the running local network, and
 * canisters from the directory of global_configuration, which knows all of a project's buckets.
 * @param deploymentFile what `kiln localnet` wrote
 * @throws TypedError NETWORK_UNKNOWN, ROOT_KEY_UNKNOWN, ROOT_KEY_INVALID, CANISTER_UNKNOWN, CANISTER_UNREACHABLE, and
 *   those of `readIdentity`
 */
export async function connect(
  settings: IcSettings,
  deploymentFile: string = localDeploymentFile(),
): Promise<Connection> {
  const local = await readDeployment(deploymentFile);
  const addresses = choose(settings, local);
  const { host, identity, rootKey } = addresses;
  const agent = await createAgent({
    host,
    identity: await readIdentity(identity),
    rootKey: await readRootKey(rootKey),
  });
  const { storage, index, userIndex } = await look(agent, addresses);
  const buckets = storage.map((canisterId) => storageClient({ agent, canisterId }));
  return {
    host,
    principal: await principalOf(agent),
    agent,
    buckets,
    storage: buckets[0]!,
    index: indexClient({ agent, canisterId: index }),
    posts: userIndex === undefined ? undefined : postStatusClient({ agent, userIndex }),
    engagement: userIndex === undefined ? undefined : engagementClient({ agent, userIndex }),
  };
}

/** The canisters that were named, or the directory that names them. */
async function look(
  agent: HttpAgent,
  { storage, index, configuration, userIndex }: Addresses,
): Promise<{ storage: string[]; index: string; userIndex: string | undefined }> {
  const inDirectory = async (kind: "storage" | "content_index") => {
    const found = await canistersOf(agent, configuration ?? "", kind);
    if (found.length > 0) return found;
    throw new TypedError(
      "CANISTER_UNKNOWN",
      `the directory of global_configuration canister ${configuration} names no ${kind} canister: kiln deploy enters them`,
    );
  };
  return {
    storage: storage ?? (await inDirectory("storage")),
    index: index ?? (await inDirectory("content_index"))[0]!,
    userIndex: userIndex ?? (configuration && (await canistersOf(agent, configuration, "user_index"))[0]),
  };
}

/** The addresses that a connection needs. Where `storage` or `index` is absent, `configuration` is not. */
export type Addresses = {
  host: string;
  identity: string;
  storage: string[] | undefined;
  index: string | undefined;
  configuration: string | undefined;
  userIndex: string | undefined;
  rootKey: ChosenKey;
};

/**
 * The settings, with gaps filled in from the local network. If the settings name a host, it is another network, so
 * nothing is taken from the local one.
 */
export function choose(settings: IcSettings, local: Deployment | undefined): Addresses {
  const host = settings.KILN_IC_HOST ?? local?.host;
  const same = local?.host === host ? local : undefined;
  const identity = settings.KILN_IDENTITY ?? same?.identity;
  const configuration = settings.KILN_GLOBAL_CONFIGURATION_CANISTER ?? same?.canisters.global_configuration;
  const storage = settings.KILN_STORAGE_CANISTER;
  const index = settings.KILN_CONTENT_INDEX_CANISTER ?? same?.canisters.content_index;
  const isNamed = configuration !== undefined || (storage !== undefined && index !== undefined);
  if (host === undefined || identity === undefined || !isNamed) {
    const missing = [
      host === undefined && "KILN_IC_HOST",
      identity === undefined && "KILN_IDENTITY",
      !isNamed && "KILN_GLOBAL_CONFIGURATION_CANISTER",
    ].filter((name) => name !== false);
    throw new TypedError(
      "NETWORK_UNKNOWN",
      `no network to publish to: start one with kiln localnet, or set ${missing.join(", ")}`,
    );
  }
  const userIndex = settings.KILN_USER_INDEX_CANISTER ?? same?.canisters.user_index;
  const rootKey = chooseRootKey(host, settings.KILN_IC_ROOT_KEY);
  return { host, identity, storage, index, configuration, userIndex, rootKey };
}
