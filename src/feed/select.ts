import type { Random } from "../events/random.ts";
import type { Candidate } from "./candidate.ts";

/** A place of the feed. */
export type Placed = Omit<Candidate, "source"> & {
  source: Candidate["source"] | "explore";
  position: number;
  /** The probability with which this video came to this place, given those before it. */
  propensity: number;
};

/**
 * Fills the places one by one: the best candidate that is left or, with the probability `exploration`, any of those
 * that are left, each as likely.
 * @param candidates best first, each video once
 */
export function select(
  candidates: readonly Candidate[],
  {
    limit,
    exploration,
    random,
  }: { limit: number; exploration: number; random: Pick<Random, "next" | "integer"> },
): Placed[] {
  const left = [...candidates];
  const placed: Placed[] = [];
  while (placed.length < limit && left.length > 0) {
    const index = random.next() < exploration ? random.integer(left.length) : 0;
    const propensity = (index === 0 ? 1 - exploration : 0) + exploration / left.length;
    const [chosen] = left.splice(index, 1) as [Candidate];
    const source = index === 0 ? chosen.source : "explore";
    placed.push({ ...chosen, source, position: placed.length, propensity });
  }
  return placed;
}
