import type { Identity } from "@dfinity/agent";
import { AuthClient } from "@dfinity/auth-client";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { TypedError } from "../../telemetry/typed-error.ts";

/** Somebody who has signed in, until `signOut`. */
export type Session = { identity: Identity; signOut(): Promise<void> };

const eightHours = BigInt(8 * 3600) * 1_000_000_000n;

/**
 * Signs in with Internet Identity: takes a session up that this browser has, else opens the provider's window, which
 * browsers allow only in answer to a click.
 * @param options.derivationOrigin the same user has the same principal on every domain that names it
 * @throws TypedError SIGN_IN_FAILED
 */
export async function signIn(
  options: { identityProvider?: string; derivationOrigin?: string } = {},
): Promise<Session> {
  const client = await AuthClient.create();
  if (!(await client.isAuthenticated())) await login(client, options);
  return { identity: client.getIdentity(), signOut: () => client.logout() };
}

async function login(
  client: AuthClient,
  options: { identityProvider?: string; derivationOrigin?: string },
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  await client.login({
    ...options,
    maxTimeToLive: eightHours,
    onSuccess: () => resolve(),
    onError: (why) => reject(new TypedError("SIGN_IN_FAILED", `Internet Identity: ${why ?? "no answer"}`)),
  });
  await promise;
}

const developmentKey = "kiln-development-identity";

/**
 * Signs in with a key that this browser makes up and keeps in the open: for a local network only.
 * @throws TypedError SIGN_IN_FAILED for any other host
 */
export function signInLocally(host: string): Session {
  if (!/^https?:\/\/(localhost|127\.0\.0\.1|[\w-]+\.localhost)(:|\/|$)/.test(host))
    throw new TypedError("SIGN_IN_FAILED", `${host} is no local network: use Internet Identity`);
  const kept = localStorage.getItem(developmentKey);
  const identity = kept === null ? Ed25519KeyIdentity.generate() : Ed25519KeyIdentity.fromJSON(kept);
  localStorage.setItem(developmentKey, JSON.stringify(identity.toJSON()));
  return {
    identity,
    signOut: async () => localStorage.removeItem(developmentKey),
  };
}
