import type { Rung, Size } from "./ladder.ts";

/** How hard a clip is to encode, by a few excerpts. */
export type Difficulty = {
  /** Averages without a ceiling, in bits per second of the output's rate; smaller size first. */
  samples: readonly [Sample, Sample];
  /** Similarity of the largest rung to each of the next ones, scaled up again: SSIM of the luma, 0 to 1. */
  likeness: readonly { rung: string; ssim: number }[];
};
export type Sample = { pixels: number; bitrate: number };

/** How the ladder came about. */
export type LadderDecision =
  | { kind: "standard"; why: "switched off" | "not sampled" }
  | { kind: "per title"; factor: number; dropped: { rung: string; why: "same picture" | "next is cheap" }[] };

/** CRF 23 loses five to ten times as much, so the difference is invisible. */
const samePicture = 0.998;
/** Bits per second that every network which carries video at all carries. */
const cheap = 250_000;
/** Ceilings stand so far above the expected average: excerpts may have missed the hard parts. */
const headroom = 1.5;
const [minFactor, maxFactor] = [0.5, 1.5];

/**
 * Fits the standard ladder to a clip. The encoder works at constant quality below a ceiling; this rule moves the
 * ceilings and leaves out rungs:
 * 1. The largest rung is dropped while the next one, scaled up again, is the same picture (SSIM 0.998): a blurred or
 *    enlarged source has no detail there.
 * 2. All ceilings move by one factor, so that the steps of the ladder stay: one and a half times what the largest
 *    rung is expected to take, over its standard ceiling; between a half and one and a half, and never so high
 *    that its segments would have to be shorter.
 * 3. Below the first rung that is expected to take at most 250 kbit/s all others are dropped: any network that carries
 *    them carries it.
 *
 * What a rung takes is expected to grow with a power of its pixels, which two small encodes of the excerpts measure.
 * @param rungs the standard ladder, largest first
 * @param highest bits per second of a ceiling whose segments keep their length
 */
export function perTitle(
  rungs: readonly Rung[],
  { samples, likeness }: Difficulty,
  highest: number,
): { rungs: Rung[]; decision: LadderDecision } {
  const like = (rung: Rung | undefined) => likeness.find(({ rung: name }) => name === rung?.name)?.ssim ?? 0;
  const shownFrom = rungs.findIndex((_, index) => like(rungs[index + 1]) < samePicture);
  const shown = rungs.slice(shownFrom);
  const top = shown[0]!;
  const wanted = (headroom * expected(top, samples)) / top.bitrate;
  const factor = Math.max(minFactor, Math.min(maxFactor, wanted, Math.max(1, highest / top.bitrate)));
  const moved = shown.map((rung) => ({
    ...rung,
    bitrate: Math.round((rung.bitrate * factor) / 1000) * 1000,
  }));
  const enough = moved.findIndex((rung) => Math.min(rung.bitrate, expected(rung, samples)) <= cheap);
  const kept = enough === -1 ? moved : moved.slice(0, enough + 1);
  return {
    rungs: kept,
    decision: {
      kind: "per title",
      factor,
      dropped: [
        ...rungs.slice(0, shownFrom).map(({ name }) => ({ rung: name, why: "same picture" as const })),
        ...moved.slice(kept.length).map(({ name }) => ({ rung: name, why: "next is cheap" as const })),
      ],
    },
  };
}

/** Bits per second without a ceiling. */
function expected({ width, height }: Size, [small, large]: Difficulty["samples"]): number {
  const exponent = Math.log(large.bitrate / small.bitrate) / Math.log(large.pixels / small.pixels);
  // Real clips lie between 0.6 and 1.05; beyond that the excerpts were too easy to measure.
  const bounded = Math.max(0.5, Math.min(1.1, exponent));
  return large.bitrate * ((width * height) / large.pixels) ** bounded;
}
