import { type Agent, HttpAgent, type Identity } from "@dfinity/agent";
import { toTypedError } from "./call-failure.ts";
import { isMainnet } from "./hosts.ts";

/** Where the key comes from that signs every certificate of the network. */
export type RootKey =
  /** The Internet Computer's own, built into the agent. */
  | { from: "mainnet" }
  /** Asked of the host, which is then trusted: only for a network of one's own. */
  | { from: "host" }
  | { from: "bytes"; bytes: Uint8Array };

/**
 * An agent that verifies every certificate and the signatures of queries. It repeats a signed request
 * twice by itself: the same request id, so a message runs once at most.
 * @param host URL of the network's HTTP interface
 * @param clock `network`: before its first request the agent asks the network for the time, because requests expire and
 *   certificates are refused where the device's own clock is minutes off
 * @throws TypedError CANISTER_UNREACHABLE when the root key has to be fetched and nobody answers
 */
export async function createAgent(options: {
  host: string;
  identity: Identity;
  rootKey: RootKey;
  clock?: "own" | "network";
}): Promise<HttpAgent> {
  const { host, identity, rootKey, clock = "own" } = options;
  const agent = HttpAgent.createSync({
    host,
    identity,
    verifyQuerySignatures: true,
    retryTimes: 2,
    shouldSyncTime: clock === "network",
    backoffStrategy: doubling,
    ...(rootKey.from === "bytes" ? { rootKey: rootKey.bytes } : {}),
  });
  if (rootKey.from === "host" && !isMainnet(host)) {
    await agent.fetchRootKey().catch((error: unknown) => {
      throw toTypedError(error, host);
    });
  }
  return agent;
}

/** Waits of 200, 400, ... milliseconds between the agent's own tries of one signed request. */
function doubling(): { next: () => number } {
  let delay = 100;
  return {
    next: () => {
      delay *= 2;
      return delay;
    },
  };
}

/** The text form of the principal that an agent signs as. */
export async function principalOf(agent: Agent): Promise<string> {
  return (await agent.getPrincipal()).toText();
}
