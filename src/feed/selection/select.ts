import type { Random } from "../../base/random.ts";
import type { Candidate, Eligible } from "../candidate.ts";

/** A place of the feed. */
export type Placed = Candidate & {
  position: number;
  /** The probability with which this video came to this place, given those before it. */
  propensity: number;
};

export type Selection = {
  limit: number;
  /** The probability that a place is drawn evenly from all videos. */
  exploration: number;
  random: Pick<Random, "next" | "weighted">;
  /** New videos; `weight` is in proportion to the probability of each at a fresh place. */
  fresh?: readonly { candidate: Eligible; weight: number }[];
  /** Whether a place, from 0, belongs to a fresh video. */
  isFresh?: (position: number) => boolean;
  explorer: Explorer;
};

/** All videos that exploration may draw for this viewer. */
export type Explorer = {
  /** How many there are besides those that are placed. */
  count(placed: ReadonlySet<string>): number;
  /** One of them, each as likely; undefined when none was found. */
  draw(placed: ReadonlySet<string>): Promise<Eligible | undefined>;
};

/**
 * Fills the places one by one. A fresh place is drawn from the new videos; any other has the best candidate that is left
 * or, with the probability `exploration`, any video. When no candidate is left, new videos follow, then
 * any others.
 * @param candidates best first, each video once
 */
export async function select(
  candidates: readonly Eligible[],
  { limit, exploration, random, fresh = [], isFresh = () => false, explorer }: Selection,
): Promise<Placed[]> {
  const placed: Placed[] = [];
  const taken = new Set<string>();
  const place = ({ video, source, modelVersion }: Candidate, propensity: number) => {
    placed.push({
      ...{ video, source, position: placed.length, propensity },
      ...(modelVersion === undefined ? {} : { modelVersion }),
    });
    taken.add(video);
  };
  while (placed.length < limit) {
    const waiting = fresh.filter(({ candidate }) => !taken.has(candidate.video));
    const best = candidates.find(({ video }) => !taken.has(video));
    if (waiting.length > 0 && (best === undefined || isFresh(placed.length))) {
      const { candidate, probability } = drawFresh(waiting, random);
      place(candidate, probability);
      continue;
    }
    const others = explorer.count(taken);
    const share = others === 0 ? 0 : best === undefined ? 1 : exploration;
    const drawn = random.next() < share ? await explorer.draw(taken) : undefined;
    const chosen = drawn ?? best;
    if (chosen === undefined) return placed;
    const even = others > 0 ? share / others : 0;
    place(chosen, chosen.video === best?.video ? 1 - share + even : even);
  }
  return placed;
}

function drawFresh(
  waiting: readonly { candidate: Eligible; weight: number }[],
  random: Pick<Random, "weighted">,
): { candidate: Eligible; probability: number } {
  let total = 0;
  const cumulative = Float64Array.from(waiting, ({ weight }) => (total += weight));
  const { candidate, weight } = waiting[random.weighted(cumulative)]!;
  return { candidate, probability: weight / total };
}
