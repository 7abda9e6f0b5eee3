import { Ed25519KeyIdentity } from "@dfinity/identity";
import type { Session } from "./sign-in.ts";
import { TypedError } from "./typed-error.ts";

const developmentKey = "kiln-development-identity";

/**
 * Signs in with a key that this browser makes up and keeps in the open: for a local network only.
 * @throws TypedError SIGN_IN_REFUSED for any other host
 */
export function signInLocally(host: string): Session {
  if (!/^https?:\/\/(localhost|127\.0\.0\.1|[\w-]+\.localhost)(:|\/|$)/.test(host))
    throw new TypedError("SIGN_IN_REFUSED", `${host} is no local network: use Internet Identity`);
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
