/**
 * What a public key in DER wraps: SEQUENCE { SEQUENCE { OID } BIT STRING }.
 * @param algorithm DER of the inner SEQUENCE
 * @returns undefined for keys of other algorithms
 * @throws Error when it is malformed
 */
export function wrappedKey(der: Uint8Array, algorithm: Uint8Array): Buffer | undefined {
  const outer = element(Buffer.from(der), 0x30);
  if (!outer?.subarray(0, algorithm.length).equals(algorithm)) return undefined;
  const bits = element(outer.subarray(algorithm.length), 0x03);
  // The first byte is the number of unused bits in the last one.
  if (bits?.[0] !== 0) throw new Error("the key is not wrapped as a bit string");
  return bits.subarray(1);
}

/** The content of a DER element that has this tag and fills the bytes. */
function element(bytes: Buffer, tag: number): Buffer | undefined {
  const first = bytes[1] ?? 0;
  const start = first < 0x80 ? 2 : 2 + (first & 0x7f);
  const length = first < 0x80 ? first : bytes.subarray(2, start).reduce((sum, byte) => sum * 256 + byte, 0);
  return bytes[0] === tag && bytes.length === start + length ? bytes.subarray(start) : undefined;
}
