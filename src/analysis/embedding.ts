/**
 * The mean of vectors, brought to length 1, as signed bytes of 1/127 in base64: what an index keeps of an item.
 * @param vectors at least one, all of one length
 */
export function encodeEmbedding(vectors: readonly Float32Array[]): string {
  const sum = new Float64Array(vectors[0]!.length);
  for (const vector of vectors) for (const [at, value] of vector.entries()) sum[at]! += value;
  const length = Math.hypot(...sum);
  const bytes = Int8Array.from(sum, (value) => (length === 0 ? 0 : Math.round((127 * value) / length)));
  return Buffer.from(bytes.buffer).toString("base64");
}

/** @param text as `encodeEmbedding` made it */
export function decodeEmbedding(text: string): Float32Array {
  const bytes = new Int8Array(Buffer.from(text, "base64"));
  return Float32Array.from(bytes, (value) => value / 127);
}
