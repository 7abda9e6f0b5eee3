import { type FileHandle, open } from "node:fs/promises";

/** Boxes that hold boxes on the way to the tables. */
const holders = new Set("moov trak mdia minf stbl edts moof traf".split(" "));
/** More than any file needs; each costs a read. */
const maxBoxes = 100_000;
/** Of a table that is read whole: eight million runs of samples. */
const maxTableBytes = 64 * 1024 ** 2;

/** ISO/IEC 14496-12, 8.6 to 8.8. Offsets in bytes behind the box's header. */
type Table = {
  /** Where the number of entries stands; they follow it. */
  count: number;
  /** Bytes of an entry. */
  entry: (head: Buffer) => number;
  /** Samples that each entry stands for, where that is a number in it: the offset within the entry. */
  samples?: number;
};
const tables: Record<string, Table> = {
  stts: { count: 4, entry: () => 8, samples: 0 },
  ctts: { count: 4, entry: () => 8, samples: 0 },
  stsc: { count: 4, entry: () => 12, samples: 4 },
  stss: { count: 4, entry: () => 4 },
  stco: { count: 4, entry: () => 4 },
  co64: { count: 4, entry: () => 8 },
  elst: { count: 4, entry: (head) => (head[0] === 1 ? 20 : 12) },
  // Samples of one size have no entries.
  stsz: { count: 8, entry: (head) => (head.readUInt32BE(4) === 0 ? 4 : 0) },
  // Duration, size, flags and composition offset of a sample are there if their flags are set.
  trun: { count: 4, entry: (head) => 4 * [1, 2, 4, 8].filter((flag) => head[2]! & flag).length },
};

/**
 * Finds a table of an MP4 with more entries than its box has room for, or more samples than the file has bytes: a reader
 * that believes it allocates memory for them.
 * @returns what is wrong; null for sound tables, and in other formats
 */
export async function impossibleTable(path: string): Promise<string | null> {
  await using file = await open(path);
  const { size } = await file.stat();
  const unread: [start: number, end: number][] = [[0, size]];
  for (let boxes = 0; unread.length > 0 && boxes < maxBoxes; boxes++) {
    const range = unread.at(-1)!;
    const box = await readBox(file, ...range);
    if (box === null) {
      unread.pop();
      continue;
    }
    range[0] = box.end;
    if (holders.has(box.type)) unread.push([box.content, box.end]);
    const table = tables[box.type];
    const fault = table && (await faultOf(table, file, box, size));
    if (fault) return `the table ${box.type} claims ${fault}`;
  }
  return null;
}

type Box = { type: string; content: number; end: number };

async function faultOf(table: Table, file: FileHandle, box: Box, size: number): Promise<string | null> {
  const head = Buffer.alloc(12);
  await file.read(head, 0, head.length, box.content);
  const count = head.readUInt32BE(table.count);
  const first = box.content + table.count + 4;
  const room = Math.max(0, box.end - first);
  const entry = table.entry(head);
  if (count * entry > room) return `${count} entries in ${room} bytes`;
  if (count > size) return `${count} samples in a file of ${size} bytes`;
  if (table.samples === undefined) return null;
  if (count * entry > maxTableBytes) return `${count} entries`;
  const entries = Buffer.alloc(count * entry);
  await file.read(entries, 0, entries.length, first);
  let samples = 0;
  for (let at = 0; at < entries.length; at += entry) samples += entries.readUInt32BE(at + table.samples);
  return samples > size ? `${samples} samples in a file of ${size} bytes` : null;
}

/** Null for what is no box. */
async function readBox(file: FileHandle, start: number, end: number): Promise<Box | null> {
  if (start + 8 > end) return null;
  const header = Buffer.alloc(16);
  await file.read(header, 0, header.length, start);
  const short = header.readUInt32BE(0);
  const length = short === 0 ? end - start : short === 1 ? Number(header.readBigUInt64BE(8)) : short;
  const headerBytes = short === 1 ? 16 : 8;
  if (length < headerBytes) return null;
  const type = header.toString("latin1", 4, 8);
  return { type, content: start + headerBytes, end: Math.min(end, start + length) };
}
