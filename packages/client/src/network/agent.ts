import { type Agent, HttpAgent, type Identity } from "@dfinity/agent";
import { toTypedError } from "./call-failure.ts";
import { isMainnet } from "./hosts.ts";

/** The source of the root key, which signs every certificate of the network. */
export type RootKey =
  /** The Internet Computer's own, built into the agent. */
  | { from: "mainnet" }
  /** Fetched from the host, which is thereby trusted: only for your own network. */
  | { from: "host" }
  | { from: "bytes"; bytes: Uint8Array };

/**
 * An agent that verifies every certificate and the signatures of queries. It retries a signed
 * request twice with the same request id, so a message is executed at most once.
 * @param host URL of the network's HTTP interface
 * @param clock `network`: the agent gets the time from the network before its first request, because with a clock
 *   that is minutes off requests expire and certificates are refused
 * @throws TypedError CANISTER_UNREACHABLE if the root key has to be fetched and the host does not answer
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

/** Waits 200, 400, ... milliseconds between the agent's own retries of a signed request. */
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
