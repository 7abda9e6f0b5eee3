/**
 * Whether a place belongs to videos that nobody has chosen yet: of any `n` places in a row the share `share`, to within
 * one. The same places for the same viewer, however feeds are cut.
 * @param place from 0, over everything that a viewer is shown
 */
export const isFreshPlace = (place: number, share: number): boolean =>
  Math.floor((place + 1) * share) > Math.floor(place * share);

/**
 * A ranking with fresh videos at their places.
 * @param fresh none of them ranked; what finds no place is left out
 */
export function withFresh<Video>(ranked: readonly Video[], fresh: readonly Video[], share: number): Video[] {
  const [left, waiting] = [[...ranked].reverse(), [...fresh].reverse()];
  const merged: Video[] = [];
  while (left.length > 0)
    merged.push(waiting.length > 0 && isFreshPlace(merged.length, share) ? waiting.pop()! : left.pop()!);
  return merged;
}
