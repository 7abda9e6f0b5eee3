/** A box of an MP4 file; offsets of its content, in bytes. */
export type Box = { type: string; start: number; end: number };

/** Boxes that hold boxes. */
const parents = new Set(["moov", "trak", "mdia", "minf", "stbl", "mvex", "moof", "traf"]);

/**
 * All boxes of a part of an MP4 file, outer before inner.
 * @source ISO/IEC 14496-12, 4.2: a size of 32 bits, then a type of four characters; 64-bit sizes do not occur here
 */
export function* boxes(bytes: Uint8Array, from = 0, to = bytes.byteLength): Generator<Box> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = from; offset + 8 <= to; ) {
    const size = view.getUint32(offset);
    if (size < 8) return;
    const box = {
      type: String.fromCharCode(...bytes.subarray(offset + 4, offset + 8)),
      start: offset + 8,
      end: Math.min(to, offset + size),
    };
    yield box;
    if (parents.has(box.type)) yield* boxes(bytes, box.start, box.end);
    offset += size;
  }
}
