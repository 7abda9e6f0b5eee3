/** A generator of numbers in [0, 1) that gives the same ones for the same seed. @source mulberry32, Tommy Ettinger */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What can happen to a file on its way; each draws all it needs from `random`. */
export const damages = {
  "cut off": (content, random) => content.subarray(0, Math.floor(content.length * random())),
  "one bit": (content, random) => flipped(content, random, { bits: 1, within: 1 }),
  "some bits": (content, random) => flipped(content, random, { bits: 2 + 30 * random(), within: 1 }),
  "many bits": (content, random) => flipped(content, random, { bits: content.length / 100, within: 1 }),
  "bits of its head": (content, random) => flipped(content, random, { bits: 1 + 8 * random(), within: 0.05 }),
  "a run of zeros": (content, random) => zeroed(content, random(), random()),
  "zeros to the end": (content, random) => zeroed(content, random(), 1),
  "an extreme length": (content, random) => extreme(content, random, 1),
  "extreme lengths": (content, random) => extreme(content, random, 2 + 6 * random()),
  "cut off, and some bits": (content, random) =>
    flipped(content.subarray(0, Math.floor(content.length * random())), random, { bits: 8, within: 1 }),
} as const satisfies Record<string, (content: Uint8Array, random: () => number) => Uint8Array>;

/** @param within that share of the file, from its beginning */
function flipped(
  content: Uint8Array,
  random: () => number,
  { bits, within }: { bits: number; within: number },
): Uint8Array {
  const changed = Uint8Array.from(content);
  for (let count = 0; count < bits; count++)
    changed[Math.floor(random() * changed.length * within)]! ^= 1 << Math.floor(random() * 8);
  return changed;
}

/** @param from share of the file at which the zeros begin; @param to share of the rest that they take */
function zeroed(content: Uint8Array, from: number, to: number): Uint8Array {
  const start = Math.floor(content.length * from);
  return Uint8Array.from(content).fill(0, start, start + Math.ceil((content.length - start) * to));
}

const extremes = [0, 1, 7, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
const boxes =
  "ftyp moov mvhd trak tkhd edts elst mdia mdhd hdlr minf stbl stsd stts ctts stsc stsz stco stss avcC hvcC esds " +
  "moof tfhd tfdt trun mdat LIST avih strh strf movi idx1 00dc 01wb";
/** EBML header, Segment, Info, Tracks, Cluster, Cues. */
const ebml = ["1a45dfa3", "18538067", "1549a966", "1654ae6b", "1f43b675", "1c53bb6b"];
/** Names of boxes and chunks, and identifiers of EBML elements, as Latin-1. */
const elements = new RegExp(
  [...boxes.split(" "), ...ebml.map((id) => Buffer.from(id, "hex").toString("latin1"))].join("|"),
  "g",
);
/** Bytes from an element's name to its size (MP4 before it, others after it) and to the counts behind it. */
const fields = [-4, 4, 8, 12, 16];
const packet = 188;

/** Sets lengths and counts to extremes: of boxes, chunks and elements where there are any, else of packets. */
function extreme(content: Uint8Array, random: () => number, count: number): Uint8Array {
  const changed = Buffer.from(content);
  const found = [...changed.toString("latin1").matchAll(elements)].map(({ index }) => index);
  const one = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!;
  for (let done = 0; done < count; done++) {
    const at =
      found.length > 0
        ? one(found) + one(fields)
        : packet * Math.floor((random() * changed.length) / packet) + 4;
    if (at >= 0 && at + 4 <= changed.length) changed.writeUInt32BE(one(extremes), at);
  }
  return changed;
}
