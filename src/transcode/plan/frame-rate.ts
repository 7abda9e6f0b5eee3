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

/**
 * The standard constant rate for a source: the declared one when it is standard and within 5 % of what was
 * measured; otherwise the nearest within 1.5 % (timestamps in whole milliseconds are no more exact);
 * otherwise the next above, so that no frame is lost.
 * @param measured frames per second, from the packets
 * @param declared by the container, often nonsense
 * @param cap the highest rate; 60 by default: phones record it, and halving it is a loss that viewers see
 */
export function snap(measured: number, declared: number, cap: number): FrameRate {
  const allowed = standardRates.filter((standard) => perSecond(standard) <= cap);
  const within = (share: number, of: number) => (standard: FrameRate) =>
    Math.abs(perSecond(standard) / of - 1) < share;
  const distance = (standard: FrameRate) => Math.abs(perSecond(standard) - measured);
  const stated = allowed.filter(within(0.05, measured)).find(within(0.0002, declared));
  const nearest = allowed
    .filter(within(0.015, measured))
    .toSorted((one, other) => distance(one) - distance(other))[0];
  const above = allowed.find((standard) => perSecond(standard) >= measured);
  return stated ?? nearest ?? above ?? allowed.at(-1)!;
}
