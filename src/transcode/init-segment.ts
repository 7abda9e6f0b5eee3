/**
 * Sets creation and modification times in an initialisation segment to zero, in place, so that packaging
 * twice gives the same bytes.
 * @source ISO/IEC 14496-12, 8.2.2 (mvhd), 8.3.2 (tkhd), 8.4.2 (mdhd): version, flags, then the two times,
 * of 32 bits each in version 0, of 64 in version 1
 */
export function zeroTimes(segment: Uint8Array): Uint8Array {
  const view = new DataView(segment.buffer, segment.byteOffset, segment.byteLength);
  const walk = (start: number, end: number): void => {
    for (let offset = start; offset + 8 <= end; ) {
      const size = view.getUint32(offset);
      const type = String.fromCharCode(...segment.subarray(offset + 4, offset + 8));
      if (size < 8) return;
      if (parents.has(type)) walk(offset + 8, offset + size);
      if (timed.has(type))
        segment.fill(0, offset + 12, offset + 12 + (view.getUint8(offset + 8) === 1 ? 16 : 8));
      offset += size;
    }
  };
  walk(0, segment.byteLength);
  return segment;
}

const parents = new Set(["moov", "trak", "mdia"]);
const timed = new Set(["mvhd", "tkhd", "mdhd"]);
