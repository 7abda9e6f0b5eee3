/** Frames per second as an exact fraction. */
export type FrameRate = { numerator: number; denominator: number };

const rate = (numerator: number, denominator = 1): FrameRate => ({ numerator, denominator });

/** The constant rates that are written; below 10 a player's seek bar and its buffers become coarse. */
export const standardRates: readonly FrameRate[] = [
  rate(10),
  rate(12),
  rate(15),
  rate(20),
  rate(24000, 1001),
  rate(24),
  rate(25),
  rate(30000, 1001),
  rate(30),
  rate(48),
  rate(50),
  rate(60000, 1001),
  rate(60),
];

/** As a number of frames per second. */
export const perSecond = ({ numerator, denominator }: FrameRate): number => numerator / denominator;

/** As ffmpeg and DASH write it: `30000/1001`, `25`. */
export const fraction = ({ numerator, denominator }: FrameRate): string =>
  denominator === 1 ? `${numerator}` : `${numerator}/${denominator}`;

/** One frame in fifty: a rate that is off by more repeats or drops frames so often that motion judders. */
const tolerance = 1 / 50;

/**
 * The constant rate for a source. A standard rate where the source is close to one: the declared one, or else the nearest
 * (timestamps in whole milliseconds are not exact). Otherwise a steady source keeps its rate, multiplied where it is below
 * the lowest standard one, and an unsteady one gets the next standard rate above, so that no frame is lost.
 * @param measured frames per second, from the packets
 * @param declared by the container, often nonsense
 * @param spacing of the source's frames
 * @param cap the highest rate; 60 by default: phones record it, and halving it is a loss that viewers see
 */
export function snap(
  measured: number,
  declared: number,
  { spacing, cap }: { spacing: "steady" | "unsteady"; cap: number },
): FrameRate {
  const allowed = standardRates.filter((standard) => perSecond(standard) <= cap);
  const within = (share: number, of: number) => (standard: FrameRate) =>
    Math.abs(perSecond(standard) / of - 1) < share;
  const distance = (standard: FrameRate) => Math.abs(perSecond(standard) - measured);
  const close = allowed.filter(within(tolerance, measured));
  const stated = close.find(within(0.0002, declared));
  const nearest = close.toSorted((one, other) => distance(one) - distance(other))[0];
  const above = allowed.find((standard) => perSecond(standard) >= measured);
  return (
    stated ??
    nearest ??
    (spacing === "steady" ? kept(measured, declared, cap) : null) ??
    above ??
    allowed.at(-1)!
  );
}

/** A steady source's own rate, or a multiple of it that is not below the lowest standard rate; null above the cap. */
function kept(measured: number, declared: number, cap: number): FrameRate | null {
  if (!(measured > 0)) return null;
  const own = Math.abs(declared / measured - 1) < 0.002 ? declared : measured;
  const rate = own * Math.max(1, Math.ceil(perSecond(standardRates[0]!) / own - 1e-9));
  return rate > cap ? null : rational(rate);
}

/** The simplest fraction that differs by less than one frame in ten thousand. */
function rational(value: number): FrameRate {
  const over = (denominator: number) => rate(Math.round(value * denominator), denominator);
  return (
    [1, 2, 3, 4, 5].map(over).find((simple) => Math.abs(perSecond(simple) / value - 1) < 1e-4) ?? over(1001)
  );
}
