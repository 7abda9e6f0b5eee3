import type { RequestType, SignedDelegation } from "./envelope.ts";
import { checkSignature } from "./signature.ts";

/** Where a chain of delegations leads. */
export interface Delegated {
  /** DER of the key that may sign the request. */
  key: Uint8Array;
  /** A list for each delegation that is restricted to certain canisters. */
  targets: Uint8Array[][];
}

/** What a signature is verified against. */
export interface Trust {
  /** Nanoseconds since 1970. */
  now: bigint;
  /** DER. */
  rootKey: Uint8Array;
}

/**
 * Follows a chain of delegations from the sender's own key.
 * @source IC interface specification, "Authentication": sender_delegation
 * @throws Error naming the delegation that is not valid
 */
export function followDelegations(
  publicKey: Uint8Array,
  chain: SignedDelegation[],
  requestType: RequestType,
  { now, rootKey }: Trust,
): Delegated {
  const keys = [publicKey, ...chain.map(({ delegation }) => delegation.pubkey)];
  // "the chain must not contain a cycle"
  if (new Set(keys.map((key) => Buffer.from(key).toString("hex"))).size < keys.length) {
    throw new Error("Invalid delegation: Chain of delegations contains at least one cycle");
  }
  for (const [index, { delegation, signature }] of chain.entries()) {
    if (delegation.expiration < now) {
      const times = `Provided expiry: ${delegation.expiration} ns, Local replica time: ${now} ns`;
      throw new Error(`Invalid delegation expiry: Specified sender delegation has expired: ${times}`);
    }
    const publicKey = keys[index]!;
    checkSignature({ purpose: "delegation", publicKey, hash: delegation.hash, signature }, rootKey);
    if (delegation.permissions === "queries" && requestType === "call") {
      throw new Error("Invalid delegation: it allows queries only.");
    }
  }
  const targets = chain.flatMap(({ delegation }) => (delegation.targets ? [delegation.targets] : []));
  return { key: keys.at(-1)!, targets };
}
