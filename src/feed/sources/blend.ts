import type { Candidate } from "../candidate.ts";

/** What one source proposes, best first, and its share of the blend. */
export type Proposal = { share: number; candidates: readonly Candidate[] };

/**
 * One list out of several, each video once: at every place comes the source that is furthest behind its share, so the
 * beginning of the list holds every source. When one has no more, the others divide its places.
 * @param proposals of equal claims the first one comes first
 */
export function blend(proposals: readonly Proposal[]): Candidate[] {
  const blended = new Map<string, Candidate>();
  const waiting = proposals
    .filter(({ share, candidates }) => share > 0 && candidates.length > 0)
    .map(({ share, candidates }) => ({ share, candidates, next: 0, taken: 0 }));
  for (;;) {
    const left = waiting.filter(({ next, candidates }) => next < candidates.length);
    if (left.length === 0) return [...blended.values()];
    const source = left.reduce((one, other) =>
      (other.taken + 1) / other.share < (one.taken + 1) / one.share ? other : one,
    );
    const candidate = source.candidates[source.next++]!;
    // A video that another source has already brought counts for both.
    source.taken++;
    if (!blended.has(candidate.video)) blended.set(candidate.video, candidate);
  }
}
