import { Principal } from "@dfinity/principal";
import { followDelegations, type Trust } from "./delegation.ts";
import type { Envelope } from "./envelope.ts";
import { HttpRefusal } from "./refusal.ts";
import { checkSignature } from "./signature.ts";

/** Maximum lifetime of a request, and how far the client's clock may be ahead; nanoseconds. */
const lifetime = 5n * 60n * 1_000_000_000n;
const drift = 60n * 1_000_000_000n;

const anonymous = Uint8Array.of(4);

/** What a request's signatures permit, besides identifying the sender. */
export interface Authority {
  /** Whether the targets of the request's delegations include this canister. */
  mayTarget(canisterId: Uint8Array): boolean;
}

/**
 * Checks the sender's signature, the request's lifetime, and that the sender may send it.
 * @source IC interface specification, "Authentication"
 * @throws HttpRefusal 400 with the text clients look for ("Invalid request expiry: ...")
 */
export function authenticate(envelope: Envelope, trust: Trust): Authority {
  const { content } = envelope;
  // "ingress_expiry >= now, or sender is anonymous": unsigned requests that change nothing may arrive late.
  const isTimeless = content.request_type !== "call" && Buffer.from(content.sender).equals(anonymous);
  if (!isTimeless) checkExpiry(content.ingress_expiry, trust.now);
  try {
    const authority = isAnonymous(envelope) ? { mayTarget: () => true } : checkSignatures(envelope, trust);
    if ("canister_id" in content && !authority.mayTarget(content.canister_id)) {
      throw new Error(`Canister ${text(content.canister_id)} is not one of the delegation targets.`);
    }
    return authority;
  } catch (error) {
    const id = Buffer.from(envelope.requestId).toString("hex");
    throw new HttpRefusal(400, `Failed to authenticate request ${id} due to: ${(error as Error).message}`);
  }
}

function checkExpiry(expiry: bigint, now: bigint): void {
  const latest = now + lifetime + drift;
  if (expiry > now && expiry <= latest) return;
  const range = `Minimum allowed expiry: ${date(now)}, Maximum allowed expiry: ${date(latest)}`;
  throw new HttpRefusal(
    400,
    `Invalid request expiry: Specified ingress_expiry not within expected range: ${range}, Provided expiry: ${date(expiry)}`,
  );
}

function isAnonymous({ content, publicKey, signature, delegations }: Envelope): boolean {
  if (!Buffer.from(content.sender).equals(anonymous)) return false;
  if (publicKey || signature || delegations.length > 0) {
    throw new Error("Signature is not allowed for the anonymous user.");
  }
  return true;
}

function checkSignatures(envelope: Envelope, trust: Trust): Authority {
  const { content, requestId, publicKey, signature, delegations } = envelope;
  if (!publicKey || !signature) throw new Error(`Missing signature from user: ${text(content.sender)}`);
  // "The sender field must be the self-authenticating id of sender_pubkey."
  const expected = Principal.selfAuthenticating(publicKey).toUint8Array();
  if (!Buffer.from(content.sender).equals(expected)) {
    throw new Error(`The user id ${text(content.sender)} does not match the public key ${hex(publicKey)}`);
  }
  const { key, targets } = followDelegations(publicKey, delegations, content.request_type, trust);
  checkSignature({ purpose: "signature", publicKey: key, hash: requestId, signature }, trust.rootKey);
  return {
    mayTarget: (id) => targets.every((list) => list.some((target) => Buffer.from(target).equals(id))),
  };
}

function date(nanoseconds: bigint): string {
  const milliseconds = Number(nanoseconds / 1_000_000n);
  return milliseconds <= 8.64e15 ? new Date(milliseconds).toISOString() : `${nanoseconds} ns`;
}

function text(principal: Uint8Array): string {
  return Principal.fromUint8Array(principal).toText();
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
