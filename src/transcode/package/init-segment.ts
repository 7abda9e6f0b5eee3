import { boxes } from "./boxes.ts";

/**
 * Sets creation and modification times in an initialisation segment to zero, in place, so that packaging
 * twice gives the same bytes.
 * @source ISO/IEC 14496-12, 8.2.2 (mvhd), 8.3.2 (tkhd), 8.4.2 (mdhd): version, flags, then the two times,
 * of 32 bits each in version 0, of 64 in version 1
 */
export function zeroTimes(segment: Uint8Array): Uint8Array {
  for (const { type, start } of boxes(segment))
    if (timed.has(type)) segment.fill(0, start + 4, start + 4 + (segment[start] === 1 ? 16 : 8));
  return segment;
}

const timed = new Set(["mvhd", "tkhd", "mdhd"]);

/** The boxes that can hold the place, time and device of a recording. */
export function metadataBoxes(segment: Uint8Array): string[] {
  return [...boxes(segment)].map(({ type }) => type).filter((type) => metadata.has(type));
}

const metadata = new Set(["udta", "meta", "uuid"]);
