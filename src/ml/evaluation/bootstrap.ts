import type { Random } from "../../base/random.ts";

export type Interval = { mean: number; low: number; high: number };

export type BootstrapOptions = {
  random: Random;
  resamples?: number;
  /** What the sum of the values is divided by, one a case; 1 each by default. */
  weights?: Float64Array;
};

/**
 * The mean over cases with its 95 % interval, by drawing users with replacement: a user's cases are not independent.
 * @param values one a case
 * @param users whose case it is
 * @source Efron and Tibshirani, "An Introduction to the Bootstrap", 1993 (percentile interval)
 */
export function bootstrapMean(
  values: Float64Array,
  users: Int32Array,
  { random, resamples = 500, weights = new Float64Array(values.length).fill(1) }: BootstrapOptions,
): Interval {
  const sums = sumsByUser(values, users);
  const divisors = sumsByUser(weights, users);
  const means = Float64Array.from({ length: resamples }, () => {
    let [sum, divisor] = [0, 0];
    for (let draw = 0; draw < sums.length; draw++) {
      const user = random.integer(sums.length);
      sum += sums[user]!;
      divisor += divisors[user]!;
    }
    return divisor === 0 ? 0 : sum / divisor;
  }).sort();
  const quantile = (share: number) => means[Math.round(share * (resamples - 1))]!;
  const [sum, divisor] = [total(sums), total(divisors)];
  return { mean: divisor === 0 ? 0 : sum / divisor, low: quantile(0.025), high: quantile(0.975) };
}

/** A sum for each user, in the order in which they first appear. */
function sumsByUser(values: Float64Array, users: Int32Array): Float64Array {
  const sums = new Map<number, number>();
  for (const [index, user] of users.entries()) sums.set(user, (sums.get(user) ?? 0) + values[index]!);
  return Float64Array.from(sums.values());
}

const total = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);
