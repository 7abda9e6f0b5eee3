import type { Random } from "../../base/random.ts";
import type { Candidate } from "../candidate.ts";

/** A place of the feed. */
export type Placed = Omit<Candidate, "source"> & {
  source: Candidate["source"] | "explore";
  position: number;
  /** The probability with which this video came to this place, given those before it. */
  propensity: number;
};

export type Selection = {
  limit: number;
  exploration: number;
  random: Pick<Random, "next" | "integer">;
  /** Newest first, none of them among the candidates. */
  fresh?: readonly Candidate[];
  /** Whether a place, from 0, belongs to a fresh video. */
  isFresh?: (position: number) => boolean;
};

/**
 * Fills the places one by one: a fresh video where the place is one's; else the best candidate that is left or, with
 * the probability `exploration`, any of those that are left, each as likely. When none is left, fresh videos follow.
 * @param candidates best first, each video once
 */
export function select(
  candidates: readonly Candidate[],
  { limit, exploration, random, fresh = [], isFresh = () => false }: Selection,
): Placed[] {
  const left = [...candidates];
  const waiting = [...fresh];
  const placed: Placed[] = [];
  while (placed.length < limit && left.length + waiting.length > 0) {
    const position = placed.length;
    if (waiting.length > 0 && (left.length === 0 || isFresh(position))) {
      // Certain, given the places before it.
      placed.push({ ...waiting.shift()!, position, propensity: 1 });
      continue;
    }
    const index = random.next() < exploration ? random.integer(left.length) : 0;
    const propensity = (index === 0 ? 1 - exploration : 0) + exploration / left.length;
    const [chosen] = left.splice(index, 1) as [Candidate];
    const source = index === 0 ? chosen.source : "explore";
    placed.push({ ...chosen, source, position, propensity });
  }
  return placed;
}
