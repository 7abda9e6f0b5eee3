import type { FileHandle } from "node:fs/promises";

/** A file format that Kiln reads, recognised by the file's first bytes; `demuxer` is ffmpeg's name for it. */
export type Container = {
  name: string;
  demuxer: string;
  /** Broadcast formats may restart their clock in the middle; ffmpeg corrects that in these only. */
  clock: "continuous" | "may restart";
  /** Bytes that the format's own structure promises and the file lacks; 0 when whole or unknowable. */
  missingBytes: (file: FileHandle, size: number) => Promise<number>;
};

/** Bytes at the file's beginning that `sniff` needs. */
export const headBytes = 8192;

/**
 * Names the container by magic bytes alone: a playlist, a text or an archive has none of these, so
 * ffmpeg never gets to open it and follow what it names.
 */
export function sniff(head: Uint8Array): Container | null {
  return containers.find(({ matches }) => matches(head))?.container ?? null;
}

const unknowable = async () => 0;
const streamed = (name: string, demuxer: string): Container => ({
  name,
  demuxer,
  clock: ["mpegts", "mpeg", "ogg"].includes(demuxer) ? "may restart" : "continuous",
  missingBytes: unknowable,
});
const indexed = (name: string, demuxer: string, missingBytes: Container["missingBytes"]): Container => ({
  name,
  demuxer,
  clock: "continuous",
  missingBytes,
});

const containers: readonly { matches: (head: Uint8Array) => boolean; container: Container }[] = [
  {
    matches: (head) => isobmffStarts.has(text(head, 4, 4)),
    container: indexed("mp4", "mov", missingOfIsobmff),
  },
  {
    matches: (head) => bytes(head, 0, 0x1a, 0x45, 0xdf, 0xa3),
    container: indexed("matroska", "matroska", missingOfMatroska),
  },
  {
    matches: (head) => text(head, 0, 4) === "RIFF" && text(head, 8, 4) === "AVI ",
    container: indexed("avi", "avi", missingOfRiff),
  },
  { matches: (head) => packetised(head, 188, 0), container: streamed("mpegts", "mpegts") },
  { matches: (head) => packetised(head, 192, 4), container: streamed("mpegts", "mpegts") },
  { matches: (head) => bytes(head, 0, 0, 0, 1, 0xba), container: streamed("mpeg", "mpeg") },
  { matches: (head) => text(head, 0, 3) === "FLV", container: streamed("flv", "flv") },
  { matches: (head) => text(head, 0, 4) === "OggS", container: streamed("ogg", "ogg") },
  { matches: (head) => text(head, 0, 4) === "GIF8", container: streamed("gif", "gif") },
  // PNG: the chunk that marks an animation comes before the first picture, possibly after a colour profile.
  {
    matches: (head) => text(head, 1, 3) === "PNG" && text(head, 8, head.length).includes("acTL"),
    container: streamed("apng", "apng"),
  },
  { matches: (head) => bytes(head, 0, 0x30, 0x26, 0xb2, 0x75), container: streamed("asf", "asf") },
  // Audio formats are recognised so that they are refused for the right reason: no video stream.
  { matches: (head) => text(head, 0, 4) === "fLaC", container: streamed("flac", "flac") },
  {
    matches: (head) => text(head, 0, 4) === "RIFF" && text(head, 8, 4) === "WAVE",
    container: streamed("wav", "wav"),
  },
  { matches: (head) => head[0] === 0xff && (head[1]! & 0xf6) === 0xf0, container: streamed("adts", "aac") },
  {
    matches: (head) => text(head, 0, 3) === "ID3" || (head[0] === 0xff && (head[1]! & 0xe6) === 0xe2),
    container: streamed("mp3", "mp3"),
  },
];

/** Brands of still pictures in HEIF. @source ISO/IEC 23008-12, 10; AV1 Image File Format, 4 */
const photoBrands = new Set(["heic", "heix", "heim", "heis", "mif1", "avif"]);

/** Whether a file is a photo, in which some phones also keep a short video. */
export const isPhoto = (head: Uint8Array): boolean =>
  text(head, 4, 4) === "ftyp" && photoBrands.has(text(head, 8, 4));

const isobmffStarts = new Set("ftyp moov mdat free skip wide pnot styp sidx moof".split(" "));

function text(head: Uint8Array, offset: number, length: number): string {
  return Buffer.from(head.subarray(offset, offset + length)).toString("latin1");
}

function bytes(head: Uint8Array, offset: number, ...expected: number[]): boolean {
  return expected.every((byte, index) => head[offset + index] === byte);
}

/** MPEG-TS: the sync byte 0x47 at the start of each of the first packets. */
function packetised(head: Uint8Array, packet: number, offset: number): boolean {
  return [0, 1, 2].every((index) => head[offset + index * packet] === 0x47);
}

/** A fragmented file of ten minutes with a fragment for each frame has fewer. */
const maxBoxes = 100_000;

/** ISO/IEC 14496-12, 4.2: size (32 bit), type, and a 64-bit size when the first is 1; 0 runs to the end. */
async function missingOfIsobmff(file: FileHandle, size: number): Promise<number> {
  const seen = new Set<string>();
  let boxes = 0;
  for (let offset = 0; offset + 8 <= size; ) {
    // Each costs a read: a file of empty boxes must not take hours.
    if (++boxes > maxBoxes) return 0;
    const header = await read(file, offset, 16);
    const type = header.toString("latin1", 4, 8);
    const short = header.readUInt32BE(0);
    const length = short === 0 ? size - offset : short === 1 ? Number(header.readBigUInt64BE(8)) : short;
    // Not a box: a phone's trailing data, or damage for the demuxer to judge.
    if (length < 8 || !/^[\x20-\x7e\xa9]{4}$/.test(type)) return 0;
    seen.add(type);
    if (["moov", "moof", "mdat"].includes(type) && offset + length > size) return offset + length - size;
    offset += length;
  }
  // Samples without an index: the recording or the upload stopped before the index was written.
  return seen.has("mdat") && !seen.has("moov") ? 1 : 0;
}

/** RFC 8794: the EBML header, then one Segment; a size of all ones is unknown (a live recording). */
async function missingOfMatroska(file: FileHandle, size: number): Promise<number> {
  const header = await ebmlElement(file, 0);
  const segment = header.size === null ? null : await ebmlElement(file, header.end + header.size);
  if (segment === null || segment.size === null || segment.id !== 0x18538067) return 0;
  return Math.max(0, segment.end + segment.size - size);
}

async function ebmlElement(
  file: FileHandle,
  offset: number,
): Promise<{ id: number; size: number | null; end: number }> {
  const head = await read(file, offset, 12);
  const sizeByte = head[4]!;
  const width = Math.clz32(sizeByte) - 23;
  if (width > 8) return { id: head.readUInt32BE(0), size: null, end: offset + 4 };
  let value = BigInt(sizeByte & (0xff >> width));
  for (let index = 1; index < width; index++) value = (value << 8n) | BigInt(head[4 + index]!);
  const unknown = value === (1n << BigInt(7 * width)) - 1n;
  return { id: head.readUInt32BE(0), size: unknown ? null : Number(value), end: offset + 4 + width };
}

/** RIFF: a 32-bit little-endian size after the name; encoders that stream leave it 0. */
async function missingOfRiff(file: FileHandle, size: number): Promise<number> {
  return Math.max(0, (await read(file, 4, 4)).readUInt32LE(0) + 8 - size);
}

/** Reads `length` bytes at `offset`; bytes beyond the file's end are zero. */
async function read(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  await file.read(buffer, 0, length, offset);
  return buffer;
}
