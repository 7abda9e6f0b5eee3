import type { FileHandle } from "node:fs/promises";
import type { Container } from "./container.ts";

/** Whether samples of a file are encrypted, by its index alone: without the key nothing of it can be decoded. */
export async function isEncrypted(file: FileHandle, size: number, { demuxer }: Container): Promise<boolean> {
  if (demuxer === "mov") return hasEncryptedEntry(file, 0, size, { boxes: 0 });
  if (demuxer === "matroska") return hasEncryptedTrack(await read(file, 0, matroskaHead));
  return false;
}

/** Boxes on the way to the sample descriptions. */
const path = new Set(["moov", "trak", "mdia", "minf", "stbl", "stsd"]);
/** Protected sample entries. @source ISO/IEC 14496-12, 8.12 */
const encryptedEntries = new Set(["encv", "enca", "enct", "encs"]);
/** More boxes than that has no honest file before its sample descriptions. */
const maxBoxes = 10_000;

/** @param seen counts over all levels, against files that are made of boxes */
async function hasEncryptedEntry(
  file: FileHandle,
  from: number,
  to: number,
  seen: { boxes: number },
): Promise<boolean> {
  for (let offset = from; offset + 8 <= to && seen.boxes++ < maxBoxes; ) {
    const header = await read(file, offset, 16);
    const type = header.toString("latin1", 4, 8);
    const short = header.readUInt32BE(0);
    const length = short === 0 ? to - offset : short === 1 ? Number(header.readBigUInt64BE(8)) : short;
    if (length < 8) return false;
    if (encryptedEntries.has(type)) return true;
    const content = offset + (short === 1 ? 16 : 8) + (type === "stsd" ? 8 : 0);
    const end = Math.min(to, offset + length);
    if (path.has(type) && (await hasEncryptedEntry(file, content, end, seen))) return true;
    offset += length;
  }
  return false;
}

/** Tracks come before the first cluster, near the beginning. */
const matroskaHead = 256 * 1024;
/** Segment, Tracks, TrackEntry, ContentEncodings, ContentEncoding: on the way to ContentEncryption. @source RFC 9559, 5.1.4 */
const parents = new Set([0x18538067, 0x1654ae6b, 0xae, 0x6d80, 0x6240]);
const contentEncryption = 0x5035;

/** Deeper nesting is an attack on the stack. */
const maxDepth = 8;

/** Pure. */
export function hasEncryptedTrack(head: Uint8Array, from = 0, to = head.length, depth = 0): boolean {
  if (depth > maxDepth) return false;
  for (let offset = from; offset < to; ) {
    const id = variable(head, offset, "with its marker");
    const size = id && variable(head, offset + id.length, "without");
    if (!id || !size) return false;
    if (id.value === contentEncryption) return true;
    const content = offset + id.length + size.length;
    // A size of all ones is unknown: to the end.
    const end = size.value === 2 ** (7 * size.length) - 1 ? to : Math.min(to, content + size.value);
    if (parents.has(id.value) && hasEncryptedTrack(head, content, end, depth + 1)) return true;
    offset = end;
  }
  return false;
}

/** A number whose leading zero bits count its bytes. @source RFC 8794, 4 */
function variable(bytes: Uint8Array, offset: number, marker: "with its marker" | "without") {
  const first = bytes[offset];
  if (!first) return null;
  const length = Math.clz32(first) - 23;
  if (offset + length > bytes.length) return null;
  let value = marker === "without" ? first & (0xff >> length) : first;
  for (let index = 1; index < length; index++) value = value * 256 + bytes[offset + index]!;
  return { value, length };
}

async function read(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, offset);
  return length <= 16 ? buffer : buffer.subarray(0, bytesRead);
}
