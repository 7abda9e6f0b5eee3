/** Encodes fields of protocol buffer messages, as far as a SavedModel needs them. */
export const message = (...fields: readonly Uint8Array[]): Buffer => Buffer.concat(fields);

export const integer = (field: number, value: number): Buffer =>
  Buffer.concat([key(field, 0), varint(BigInt(value))]);

export function float(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([key(field, 5), bytes]);
}

/** A string, bytes or a message within a message. */
export function nested(field: number, content: Uint8Array | string): Buffer {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  return Buffer.concat([key(field, 2), varint(BigInt(bytes.length)), bytes]);
}

const key = (field: number, wireType: 0 | 2 | 5) => varint(BigInt((field << 3) | wireType));

/** @source Protocol Buffers, "Encoding": seven bits a byte, negative numbers as 64 bits of two's complement */
function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 128);
  } while (rest !== 0n);
  return Buffer.from(bytes);
}
