import { canisterKeyOf, checkCanisterSignature } from "./canister-signature.ts";
import { verifierOf } from "./public-key.ts";

/** What is signed, so that a signature for one purpose is not valid for another. */
const separators = { signature: "\x0aic-request", delegation: "\x1aic-request-auth-delegation" };

/** A signature of a 32-byte hash, not verified yet. */
export interface Signed {
  /** What is signed: the signature of a request, or a delegation. */
  purpose: keyof typeof separators;
  /** DER. */
  publicKey: Uint8Array;
  hash: Uint8Array;
  signature: Uint8Array;
}

/**
 * Checks a signature by a key, or by a canister.
 * @param rootKey DER: a canister's signature is certified below it
 * @throws Error when it was not made by the key's owner, in the platform's words
 */
export function checkSignature({ purpose, publicKey, hash, signature }: Signed, rootKey: Uint8Array): void {
  const message = Buffer.concat([Buffer.from(separators[purpose], "latin1"), hash]);
  const within = <Value>(step: string, run: () => Value) => {
    try {
      return run();
    } catch (error) {
      throw new Error(`Invalid ${purpose}: Invalid ${step}: ${(error as Error).message}`);
    }
  };
  const canister = within("public key", () => canisterKeyOf(publicKey));
  if (canister) {
    within("canister signature", () => checkCanisterSignature(canister, message, signature, rootKey));
    return;
  }
  const isValid = within("public key", () => verifierOf(publicKey));
  within("basic signature", () => {
    if (isValid(message, signature)) return;
    throw new Error(`it was not made by the key ${Buffer.from(publicKey).toString("hex")}`);
  });
}
