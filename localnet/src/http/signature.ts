import { verifierOf } from "./public-key.ts";

/** What is signed, so that a signature for one purpose is none for another. */
const separators = { request: "\x0aic-request", delegation: "\x1aic-request-auth-delegation" };

/**
 * Checks the signature of a 32-byte hash.
 * @param publicKey DER
 * @throws Error when it was not made by the key's owner
 */
export function checkSignature(
  purpose: keyof typeof separators,
  publicKey: Uint8Array,
  hash: Uint8Array,
  signature: Uint8Array,
): void {
  const message = Buffer.concat([Buffer.from(separators[purpose], "latin1"), hash]);
  let problem: string | undefined;
  try {
    if (verifierOf(publicKey)(message, signature)) return;
    problem = `it was not made by the key ${Buffer.from(publicKey).toString("hex")}`;
  } catch (error) {
    problem = (error as Error).message;
  }
  throw new Error(`Invalid ${purpose} signature: ${problem}`);
}
