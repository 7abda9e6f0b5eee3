import { bls12_381 } from "@noble/curves/bls12-381";

/**
 * Signs as a subnet does: BLS12-381 with short signatures. Multiplies without tables and not in constant time, which
 * is several times faster for the few keys of a network. Timing attacks do not matter for a development network.
 */
const { shortSignatures, G2 } = bls12_381;

/** A copy of the generator, for which noble does not first spend a quarter of a second on a table of multiples. */
const generator = G2.Point.fromAffine(G2.Point.BASE.toAffine());

/** @param secret scalar, 32 bytes. @returns 96 bytes */
export function blsPublicKey(secret: Uint8Array): Uint8Array {
  return generator.multiplyUnsafe(scalarOf(secret)).toBytes();
}

/** @param secret scalar, 32 bytes. @returns 48 bytes */
export function blsSign(message: Uint8Array, secret: Uint8Array): Uint8Array {
  const signature = shortSignatures.hash(message).multiplyUnsafe(scalarOf(secret));
  return shortSignatures.Signature.toBytes(signature);
}

function scalarOf(secret: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(secret).toString("hex")}`);
}
