import { AnonymousIdentity, type HttpAgent, type Identity } from "@dfinity/agent";
import { z } from "zod";
import { type FeedClient, feedClient } from "./feed-client.ts";
import { type Media, openMedia } from "./media.ts";
import { createAgent, principalOf, type RootKey } from "./network/agent.ts";
import { isLoopback } from "./network/hosts.ts";
import { PrincipalId } from "./network/principal-id.ts";
import { TypedError } from "./typed-error.ts";
import { type Users, usersOf } from "./users.ts";

/** A network and a dApp's canisters on it. */
export const Network = z.object({
  /** URL of the network: https://icp-api.io is the Internet Computer. */
  host: z.url(),
  /** DER in hex; absent: built in for the Internet Computer, fetched from a host on this machine. */
  rootKey: z.hex().optional(),
  /** Without a user index `users` throws. */
  canisters: z.object({ content_index: PrincipalId, user_index: PrincipalId.optional() }),
});
export type Network = z.input<typeof Network>;

export type Client = {
  /** Text form of the principal that signs; 2vxsx-fae without signing in. */
  principal: string;
  agent: HttpAgent;
  feeds: FeedClient;
  users: Users;
  /** The files of a video that `feeds` returned. */
  media(video: Parameters<typeof openMedia>[1], options?: { signal?: AbortSignal }): Promise<Media>;
};

/**
 * Connects a page to a dApp's canisters. Replies are verified here, so the gateway need not be trusted.
 * @param network from the page's configuration; validated here
 * @param identity of a Session; absent: anonymous, which can only read
 * @throws TypedError NETWORK_INVALID, CANISTER_UNREACHABLE
 */
export async function connectClient(network: Network, identity?: Identity): Promise<Client> {
  const parsed = Network.safeParse(network);
  if (!parsed.success)
    throw new TypedError("NETWORK_INVALID", `not a network: ${z.prettifyError(parsed.error)}`);
  const { host, rootKey, canisters } = parsed.data;
  const agent = await createAgent({
    host,
    identity: identity ?? new AnonymousIdentity(),
    rootKey: keyOf(host, rootKey),
    clock: "network",
  });
  return {
    principal: await principalOf(agent),
    agent,
    feeds: feedClient({ agent, canisterId: canisters.content_index, rootKey: agent.rootKey! }),
    users: usersOf({ agent, canisterId: canisters.user_index }),
    media: (video, options) => openMedia(host, video, options),
  };
}

function keyOf(host: string, given: string | undefined): RootKey {
  if (given !== undefined) return { from: "bytes", bytes: bytesOf(given) };
  return { from: isLoopback(new URL(host).hostname) ? "host" : "mainnet" };
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}
