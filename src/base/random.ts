/** A source of random numbers that gives the same ones for the same seed, on every machine. */
export type Random = {
  /** Uniform in [0, 1), 32 bits. */
  next(): number;
  /** Uniform among 0 ... below - 1. */
  integer(below: number): number;
  /** Of mean 0 and deviation 1. */
  normal(): number;
  /** Of mean `shape` and scale 1. */
  gamma(shape: number): number;
  poisson(mean: number): number;
  /** `size` shares that sum to 1; the smaller the concentration, the fewer of them hold it all. */
  dirichlet(concentration: number, size: number): Float64Array;
  /** An index, each as likely as its share of the total. `cumulative` rises to that total. */
  weighted(cumulative: Float64Array): number;
  bytes(count: number): Uint8Array;
};

/** @source sfc32 of PractRand (C. Doty-Humphrey); normal: Box-Muller; gamma: Marsaglia and Tsang, 2000 */
export function seeded(seed: number): Random {
  let [a, b, c, counter] = [seed | 0, 0x9e3779b9 | 0, 0x243f6a88, 1];

  const bits = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  // Seeds that are neighbours begin alike.
  for (let round = 0; round < 15; round++) bits();

  const random: Random = {
    next: () => bits() / 2 ** 32,
    integer: (below) => Math.floor(random.next() * below),
    normal: () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next()),
    gamma(shape) {
      if (shape < 1) return random.gamma(shape + 1) * (1 - random.next()) ** (1 / shape);
      const d = shape - 1 / 3;
      for (;;) {
        const x = random.normal();
        const v = (1 + x / Math.sqrt(9 * d)) ** 3;
        if (v > 0 && Math.log(1 - random.next()) < 0.5 * x * x + d * (1 - v + Math.log(v))) return d * v;
      }
    },
    poisson(mean) {
      const limit = Math.exp(-mean);
      let count = 0;
      for (let product = random.next(); product > limit; product *= random.next()) count++;
      return count;
    },
    dirichlet(concentration, size) {
      // A gamma variable of a small shape may underflow to 0, and all of them must not.
      const shares = Float64Array.from({ length: size }, () => random.gamma(concentration) + 1e-12);
      const total = shares.reduce((sum, share) => sum + share);
      return shares.map((share) => share / total);
    },
    weighted(cumulative) {
      const point = random.next() * cumulative.at(-1)!;
      let [low, high] = [0, cumulative.length - 1];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (cumulative[middle]! > point) high = middle;
        else low = middle + 1;
      }
      return low;
    },
    bytes: (count) => Uint8Array.from({ length: count }, () => random.integer(256)),
  };
  return random;
}
