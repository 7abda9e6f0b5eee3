import * as cborg from "cborg";

const selfDescribeTag = 55799;
const selfDescribePrefix = Uint8Array.of(0xd9, 0xd9, 0xf7);

/** CBOR with the self-describing tag. Integers may be bigints; byte strings are Uint8Arrays. */
export function encodeCbor(value: unknown): Uint8Array {
  const body = cborg.encode(value);
  const bytes = new Uint8Array(selfDescribePrefix.length + body.length);
  bytes.set(selfDescribePrefix);
  bytes.set(body, selfDescribePrefix.length);
  return bytes;
}

/**
 * CBOR with or without the self-describing tag. Integers above 2^53 are bigints, smaller ones numbers.
 * @throws Error naming what is malformed
 */
export function decodeCbor(bytes: Uint8Array): unknown {
  return cborg.decode(bytes, {
    tags: { [selfDescribeTag]: (decode) => decode() },
    rejectDuplicateMapKeys: true,
    allowUndefined: false,
    allowNaN: false,
    allowInfinity: false,
  });
}
