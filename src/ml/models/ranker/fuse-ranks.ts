/** How little the difference between first places counts: the paper's own value. */
const damping = 60;

/**
 * One order out of two, by the sum of 1 / (60 + place): what stands high in both comes first. Ties keep the first order.
 * @param scores one for each thing in its first order, by which the second one goes; of equals the former is first
 * @returns the places in the first order, best first
 * @source Cormack, Clarke and Buettcher, "Reciprocal Rank Fusion", 2009
 */
export function fuseRanks(scores: ArrayLike<number>): number[] {
  const places = Array.from(scores, (_, place) => place);
  const second = new Map(
    places
      .toSorted((one, other) => scores[other]! - scores[one]! || one - other)
      .map((place, at) => [place, at]),
  );
  const fused = places.map((place) => 1 / (damping + place) + 1 / (damping + second.get(place)!));
  return places.toSorted((one, other) => fused[other]! - fused[one]! || one - other);
}
