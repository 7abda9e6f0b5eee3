import { Ed25519KeyIdentity } from "@dfinity/identity";
import { isLoopback } from "./network/hosts.ts";
import type { Session } from "./sign-in.ts";
import { TypedError } from "./typed-error.ts";

const developmentKey = "kiln-development-identity";

/**
 * Signs in with a key that this browser generates and stores unprotected: for a local network only.
 * @throws TypedError SIGN_IN_REFUSED for any other host
 */
export function signInLocally(host: string): Session {
  if (!URL.canParse(host) || !isLoopback(new URL(host).hostname))
    throw new TypedError("SIGN_IN_REFUSED", `${host} is not on this machine: use Internet Identity`);
  const kept = localStorage.getItem(developmentKey);
  const identity = kept === null ? Ed25519KeyIdentity.generate() : Ed25519KeyIdentity.fromJSON(kept);
  localStorage.setItem(developmentKey, JSON.stringify(identity.toJSON()));
  return {
    identity,
    expires: Number.POSITIVE_INFINITY,
    renew: async () => {},
    signOut: async () => localStorage.removeItem(developmentKey),
  };
}
