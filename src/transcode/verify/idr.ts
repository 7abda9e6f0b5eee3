/** A track's codec, and the number of bytes of the length before each of its NAL units. */
export type NalPacking = { codec: "avc" | "hevc"; lengthBytes: number };

/** NAL unit types of slices, and among them those of an IDR picture. @source ITU-T H.264, table 7-1; H.265, table 7-1 */
const slices = {
  avc: {
    typeOf: (header: number) => header & 0x1f,
    isSlice: (type: number) => type >= 1 && type <= 5,
    idr: [5],
  },
  hevc: {
    typeOf: (header: number) => (header >> 1) & 0x3f,
    isSlice: (type: number) => type < 32,
    idr: [19, 20],
  },
} as const;

/**
 * How a track's NAL units are packed, by its `avcC` or `hvcC` box (ISO/IEC 14496-15, 5.3.3 and 8.3.3).
 * @param codec WebCodecs' name
 * @returns null for codecs without NAL units
 */
export function nalPacking(codec: string, description: Uint8Array): NalPacking | null {
  if (codec === "avc") return { codec, lengthBytes: (description[4]! & 3) + 1 };
  return codec === "hevc" ? { codec, lengthBytes: (description[21]! & 3) + 1 } : null;
}

/**
 * Whether a packet's first slice is of an IDR picture: nothing after it refers to anything before it, which a
 * container's flag, a recovery point or a CRA picture do not promise.
 */
export function isIdr(packet: Uint8Array, { codec, lengthBytes }: NalPacking): boolean {
  const { typeOf, isSlice, idr } = slices[codec];
  const view = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength);
  for (let at = 0; at + lengthBytes < view.length; ) {
    const length = view.readUIntBE(at, lengthBytes);
    const type = typeOf(view[at + lengthBytes]!);
    if (isSlice(type)) return (idr as readonly number[]).includes(type);
    at += lengthBytes + length;
  }
  return false;
}
