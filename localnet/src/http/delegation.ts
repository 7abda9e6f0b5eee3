import type { RequestType, SignedDelegation } from "./envelope.ts";
import { checkSignature } from "./signature.ts";

/** Where a chain of delegations leads. */
export interface Delegated {
  /** DER of the key that may sign the request. */
  key: Uint8Array;
  /** One list for each delegation that is not for every canister. */
  targets: Uint8Array[][];
}

/**
 * Follows a chain of delegations from the sender's own key.
 * @param now nanoseconds since 1970
 * @source IC interface specification, "Authentication": sender_delegation
 * @throws Error saying which link does not hold
 */
export function followDelegations(
  publicKey: Uint8Array,
  chain: SignedDelegation[],
  requestType: RequestType,
  now: bigint,
): Delegated {
  const keys = [publicKey, ...chain.map(({ delegation }) => delegation.pubkey)];
  // "the chain must not contain a cycle"
  if (new Set(keys.map((key) => Buffer.from(key).toString("hex"))).size < keys.length) {
    throw new Error("Invalid delegation: the chain contains a cycle.");
  }
  for (const [index, { delegation, signature }] of chain.entries()) {
    checkSignature("delegation", keys[index]!, delegation.hash, signature);
    if (delegation.expiration < now) {
      throw new Error(`Invalid delegation: it has expired, at ${delegation.expiration} ns.`);
    }
    if (delegation.permissions === "queries" && requestType === "call") {
      throw new Error("Invalid delegation: it allows queries only.");
    }
  }
  const targets = chain.flatMap(({ delegation }) => (delegation.targets ? [delegation.targets] : []));
  return { key: keys.at(-1)!, targets };
}
