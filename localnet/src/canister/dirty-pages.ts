import { dirtyPageSize } from "../wasm/names.ts";

const wordSize = 4;

/**
 * Calls back for each 4 KiB page that a dirty map names, once, in ascending order, and for the page behind it: a
 * store is marked by its first byte and may reach over the border.
 * @param pages how many pages the memory has
 */
export function forEachDirtyPage(map: Uint8Array, pages: number, visit: (page: number) => void): void {
  const words = new Uint32Array(map.buffer, map.byteOffset, Math.ceil(pages / wordSize));
  let next = 0;
  for (let word = 0; word < words.length; word++) {
    if (words[word] === 0) continue;
    for (let page = word * wordSize; page < (word + 1) * wordSize; page++) {
      if (map[page] === 0) continue;
      if (page >= next && page < pages) visit(page);
      if (page + 1 < pages) visit(page + 1);
      next = page + 2;
    }
  }
}

/** Copies one page; what the source does not have counts as zeroes, what the target does not have is dropped. */
export function copyPage(source: Uint8Array, target: Uint8Array, page: number): void {
  const start = page * dirtyPageSize;
  const end = start + dirtyPageSize;
  if (start >= target.length) return;
  if (start < source.length) target.set(source.subarray(start, end), start);
  else target.fill(0, start, end);
}
