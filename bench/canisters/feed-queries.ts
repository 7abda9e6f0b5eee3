import type { BenchNetwork } from "./bench-network.ts";

const seconds = 3;

/** Queries a second, one after another over HTTP with signatures checked: a page of the feed, and one that does nothing. */
export async function feedQueries({ index }: BenchNetwork): Promise<{ feed: number; bare: number }> {
  const rate = async (query: () => Promise<unknown>) => {
    await query();
    const start = performance.now();
    let count = 0;
    for (; performance.now() - start < seconds * 1_000; count++) await query();
    return count / ((performance.now() - start) / 1_000);
  };
  const feed = await rate(() => index.feed({ feed: { newest: null }, cursor: [], limit: 20, filter: [] }));
  return { feed, bare: await rate(() => index.status()) };
}
