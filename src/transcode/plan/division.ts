import type { Policy } from "../base/settings.ts";
import type { Container } from "../probe/container.ts";
import type { SegmentGrid } from "./segment-grid.ts";

/** A stretch of the output that is encoded separately: frames on the output's own grid. */
export type Part = { start: number; frames: number };

/**
 * Divides a long video into parts of whole segments, as equal as they can be. Parts are counted in frames of
 * the output, independent of the source's keyframes, so that the joined video equals the undivided one.
 * @param frames of the output, and of these the source's own: a frame that is held at the end is not divided
 * @param rate frames per second
 * @returns one part for a short video, and for a clock that may restart, which allows no seeking
 */
export function division(
  { frames, own }: { frames: number; own: number },
  rate: number,
  { segments: { segment }, clock }: { segments: SegmentGrid; clock: Container["clock"] },
  { partsAbove, partSeconds }: Pick<Policy, "partsAbove" | "partSeconds">,
): Part[] {
  if (partsAbove === 0 || own / rate <= partsAbove || clock === "may restart") return [{ start: 0, frames }];
  // The two short segments at the beginning are together one segment: the grid holds from there on.
  const all = Math.ceil(own / segment);
  const count = Math.min(all, Math.ceil(own / rate / partSeconds));
  const starts = Array.from({ length: count }, (_, index) => Math.floor((index * all) / count) * segment);
  return starts.map((start, index) => ({ start, frames: (starts[index + 1] ?? frames) - start }));
}
