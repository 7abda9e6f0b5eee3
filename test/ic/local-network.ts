import type { HttpAgent, SignIdentity } from "@dfinity/agent";
import { createAgent } from "@kiln/client/network/agent";
import type { RetryPolicy } from "@kiln/client/network/retry";
import { type Localnet, startLocalnet } from "@kiln/localnet";
import { compileCanisters } from "../../canisters/compile.ts";
import { type IndexClient, indexClient } from "../../src/ic/canisters/index-client.ts";
import { type StorageClient, storageClient } from "../../src/ic/canisters/storage-client.ts";
import { installKiln, type KilnModules } from "../../src/ic/deploy/install-kiln.ts";
import type { KilnCanisters } from "../../src/ic/network/deployment.ts";
import { madeUpIdentity } from "../../src/ic/network/identity.ts";

/** Short waits: what is tried here fails or succeeds at once. */
export const quick: RetryPolicy = { tries: 3, firstDelay: 1, longestDelay: 4 };

export type TestNetwork = {
  url: string;
  modules: KilnModules;
  canisters: KilnCanisters;
  /** Admin and publisher. */
  agent: HttpAgent;
  storage: StorageClient;
  index: IndexClient;
  /** The clock, faults, what may be stopped. */
  control: Localnet["control"];
  /** An agent of somebody new, also by another way to the network. */
  stranger(url?: string): Promise<HttpAgent>;
} & AsyncDisposable;

/**
 * A local network with Kiln's canisters, gone when it is disposed of.
 * @param given.modules of an older release; by default this tree's
 * @param given.identity of whoever deploys; by default somebody made up
 */
export async function startTestNetwork(
  given: { modules?: KilnModules; identity?: SignIdentity } = {},
): Promise<TestNetwork> {
  const { modules = await compileCanisters(), identity = madeUpIdentity() } = given;
  await using opened = new AsyncDisposableStack();
  const localnet = opened.use(await startLocalnet());
  const { url } = localnet;
  const rootKey = { from: "bytes", bytes: localnet.rootKey } as const;
  const stranger = (by = url) => createAgent({ host: by, identity: madeUpIdentity(), rootKey });
  const agent = await createAgent({ host: url, identity, rootKey });
  const canisters = await installKiln({ agent, modules });
  const resources = opened.move();
  return {
    url,
    modules,
    canisters,
    agent,
    storage: storageClient({ agent, canisterId: canisters.storage, retry: quick }),
    index: indexClient({ agent, canisterId: canisters.content_index, retry: quick }),
    stranger,
    control: localnet.control,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
