import { topItems } from "../top-items.ts";

/** Lists that are judged as lists hold this many items. */
export const listLength = 10;

/** Where the target stands, from 0, and what would have been shown. */
export type Ranking = { rank: number; list: Int32Array };

/**
 * Ranks the whole catalogue but the history. Items that tie with the target share the places between them: half of
 * them count as before it.
 * @param scores of every item; the history's are overwritten
 */
export function rankAll(scores: Float32Array, history: Int32Array, target: number): Ranking {
  for (const item of history) scores[item] = Number.NEGATIVE_INFINITY;
  const own = scores[target]!;
  let better = 0;
  let equal = -1;
  for (let item = 0; item < scores.length; item++) {
    if (scores[item]! > own) better++;
    else if (scores[item] === own) equal++;
  }
  return { rank: better + equal / 2, list: topItems(scores, listLength) };
}

/** The same among the target and the items given. */
export function rankAmong(scores: Float32Array, target: number, others: Iterable<number>): number {
  let rank = 0;
  for (const item of others)
    rank += scores[item]! > scores[target]! ? 1 : scores[item] === scores[target] ? 0.5 : 0;
  return rank;
}
