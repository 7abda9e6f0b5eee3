/** A generator of numbers in [0, 1) that gives the same ones for the same seed. @source mulberry32, Tommy Ettinger */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What can happen to a file on its way; each draws all it needs from `random`. */
export const damages = {
  "cut off": (content, random) => content.subarray(0, Math.floor(content.length * random())),
  "one bit": (content, random) => flipped(content, random, { bits: 1, within: 1 }),
  "some bits": (content, random) => flipped(content, random, { bits: 2 + 30 * random(), within: 1 }),
  "many bits": (content, random) => flipped(content, random, { bits: content.length / 100, within: 1 }),
  "bits of its head": (content, random) => flipped(content, random, { bits: 1 + 8 * random(), within: 0.05 }),
  "cut off, and some bits": (content, random) =>
    flipped(content.subarray(0, Math.floor(content.length * random())), random, { bits: 8, within: 1 }),
} as const satisfies Record<string, (content: Uint8Array, random: () => number) => Uint8Array>;

/** @param within that share of the file, from its beginning */
function flipped(
  content: Uint8Array,
  random: () => number,
  { bits, within }: { bits: number; within: number },
): Uint8Array {
  const changed = Uint8Array.from(content);
  for (let count = 0; count < bits; count++)
    changed[Math.floor(random() * changed.length * within)]! ^= 1 << Math.floor(random() * 8);
  return changed;
}
