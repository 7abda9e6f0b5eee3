/**
 * How many calls may be in flight: additive increase, multiplicative decrease, as in TCP.
 * `size` is a fraction between calls; the whole part counts.
 */
export type Window = {
  readonly size: number;
  readonly max: number;
  /** Calls that started before this one (by number) do not shrink the window again. */
  readonly shrunkAt: number;
};

/** @param start calls in flight at first, 1 to `max` */
export function openWindow(options: { start?: number; max?: number } = {}): Window {
  const max = options.max ?? 16;
  return { size: Math.min(options.start ?? 4, max), max, shrunkAt: 0 };
}

/** Calls that may be in flight now, at least one. */
export function room(window: Window): number {
  return Math.floor(window.size);
}

/** After a success: one more call for every full window of successes. */
export function grow(window: Window): Window {
  return { ...window, size: Math.min(window.max, window.size + 1 / window.size) };
}

/**
 * After a transient failure: half as many. Calls that were in flight together tend to fail together, so they count once
 * (RFC 5681, section 3.2, halves once per window of data).
 * @param call number of the call that failed, counted from 1 in the order of starting
 * @param started number of the call that started last
 */
export function shrink(window: Window, call: number, started: number): Window {
  if (call <= window.shrunkAt) return window;
  return { ...window, size: Math.max(1, window.size / 2), shrunkAt: started };
}
