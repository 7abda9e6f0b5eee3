import { type Box, boxes } from "./boxes.ts";

/**
 * Bytes of a CMAF segment up to the end of its first sample, which in video is the keyframe: what an I-frame
 * playlist points at.
 * @throws Error when the segment is not one fragment with explicit sample sizes or a default
 * @source ISO/IEC 14496-12, 8.8.7 (tfhd), 8.8.8 (trun): optional fields follow in the order of their flags
 */
export function firstSampleEnd(segment: Uint8Array): number {
  const view = new DataView(segment.buffer, segment.byteOffset, segment.byteLength);
  const found = new Map<string, Box>();
  for (const box of boxes(segment)) if (!found.has(box.type)) found.set(box.type, box);
  const [moof, tfhd, trun] = ["moof", "tfhd", "trun"].map((type) => found.get(type));
  if (!moof || !tfhd || !trun) throw new Error("the segment holds no fragment");
  const flagsOf = ({ start }: Box) => view.getUint32(start) & 0xffffff;
  const flags = flagsOf(trun);
  if ((flags & 0x1) === 0) throw new Error("the fragment has no offset of its samples");
  const dataOffset = view.getInt32(trun.start + 8);
  const size =
    flags & 0x200
      ? view.getUint32(trun.start + 12 + (flags & 0x4 ? 4 : 0) + (flags & 0x100 ? 4 : 0))
      : defaultSize(view, tfhd, flagsOf(tfhd));
  return moof.start - 8 + dataOffset + size;
}

function defaultSize(view: DataView, { start }: Box, flags: number): number {
  if ((flags & 0x10) === 0) throw new Error("the fragment has no size of its samples");
  const before = (flags & 0x1 ? 8 : 0) + (flags & 0x2 ? 4 : 0) + (flags & 0x8 ? 4 : 0);
  return view.getUint32(start + 8 + before);
}
