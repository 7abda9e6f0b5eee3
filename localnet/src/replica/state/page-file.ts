import { open, readFile } from "node:fs/promises";
import type { DurableWriter } from "./durable-writer.ts";

/** Pages by number; where one occurs in several files, the newest file counts. */
export type Pages = ReadonlyMap<number, Uint8Array>;

/** A file of pages, as the manifest names it. */
export interface PageFile {
  name: string;
  /** How many pages it holds. */
  count: number;
}

/**
 * Writes a file of pages: their count, their numbers (each 32 bits, little endian), their contents.
 * The file must not exist.
 */
export async function writePageFile(path: string, pages: Pages, writer: DurableWriter): Promise<void> {
  const header = Uint32Array.from([pages.size, ...pages.keys()]);
  await using file = await open(path, "wx");
  await writeAll(file, [new Uint8Array(header.buffer), ...pages.values()]);
  await writer.finish(file);
}

/** The pages of a file, as views of one buffer. @throws Error when the file is not whole */
export async function readPageFile(path: string, pageSize: number): Promise<Pages> {
  const { buffer, byteOffset, byteLength } = await readFile(path);
  // Not a Buffer: its `slice` is a view, so changing a slice would change the page.
  const file = new Uint8Array(buffer, byteOffset, byteLength);
  const view = new DataView(buffer, byteOffset, byteLength);
  const count = file.length >= 4 ? view.getUint32(0, true) : 0;
  const start = 4 + 4 * count;
  if (file.length !== start + count * pageSize) throw new Error(`${path} is not whole`);
  const pages = new Map<number, Uint8Array>();
  for (let index = 0; index < count; index++) {
    const at = start + index * pageSize;
    pages.set(view.getUint32(4 + 4 * index, true), file.subarray(at, at + pageSize));
  }
  return pages;
}

/**
 * How many of the newest files should become one: as long as the next older file is not larger than all newer
 * ones together. So the number of files, and how often a page is rewritten, grow with the logarithm of the pages.
 */
export function mergeable(files: readonly PageFile[]): number {
  let sum = files.at(-1)?.count ?? 0;
  let taken = 1;
  while (taken < files.length && files[files.length - 1 - taken]!.count <= sum) {
    sum += files[files.length - 1 - taken]!.count;
    taken += 1;
  }
  return taken;
}

/** How many parts the system takes in one go (IOV_MAX). */
const batch = 1024;

async function writeAll(file: Awaited<ReturnType<typeof open>>, parts: Uint8Array[]): Promise<void> {
  for (let at = 0; at < parts.length; at += batch) {
    const some = parts.slice(at, at + batch);
    const expected = some.reduce((sum, { length }) => sum + length, 0);
    const { bytesWritten } = await file.writev(some);
    if (bytesWritten !== expected) throw new Error("the disk took only a part");
  }
}
