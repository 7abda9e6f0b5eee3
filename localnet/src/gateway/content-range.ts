/** Which bytes of how many a 206 holds: `end` is the first byte after them. */
export interface ContentRange {
  start: number;
  end: number;
  size: number;
}

/** @source RFC 9110, section 14.4; undefined for unsatisfied or unknown sizes, which nothing can be built from */
export function parseContentRange(value: string | undefined): ContentRange | undefined {
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(value?.trim() ?? "") ?? [];
  if (!first || !last || !total) return undefined;
  const range = { start: Number(first), end: Number(last) + 1, size: Number(total) };
  return range.start < range.end && range.end <= range.size ? range : undefined;
}
