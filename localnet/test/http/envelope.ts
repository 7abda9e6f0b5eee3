import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { Principal } from "@dfinity/principal";
import { encodeCbor } from "../../src/certification/cbor.ts";
import { type Hashable, hashOfMap } from "../../src/certification/request-id.ts";

type Content = Record<string, Hashable>;

/** A key pair that signs requests without an agent in between. */
export interface Signer {
  publicKey: Uint8Array;
  sender: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

export function ed25519Signer(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  return signerOf(derOf(publicKey), (message) => sign(null, message, privateKey));
}

export function signerOf(publicKey: Uint8Array, signMessage: (message: Uint8Array) => Uint8Array): Signer {
  return { publicKey, sender: Principal.selfAuthenticating(publicKey).toUint8Array(), sign: signMessage };
}

export function derOf(key: KeyObject): Uint8Array {
  return new Uint8Array(key.export({ type: "spki", format: "der" }));
}

/**
 * The body of a request, signed; `changed` is put into the content after signing.
 * @param chain signed delegations, from the signer's key to the one that signs
 */
export function signedBody(
  signer: Signer,
  content: Content,
  changed: Content = {},
  chain?: { delegation: Content; signature: Uint8Array }[],
): Uint8Array {
  const whole = { sender: signer.sender, ...content };
  const message = Buffer.concat([Buffer.from("\x0aic-request", "latin1"), hashOfMap(whole)]);
  const signature = new Uint8Array(signer.sign(message));
  return encodeCbor({
    content: { ...whole, ...changed },
    sender_pubkey: signer.publicKey,
    sender_sig: signature,
    ...(chain && { sender_delegation: chain }),
  });
}

export function anonymousBody(content: Content): Uint8Array {
  return encodeCbor({ content: { sender: Uint8Array.of(4), ...content } });
}
