import type { Random } from "../../events/random.ts";

export type Interval = { mean: number; low: number; high: number };

/**
 * The mean over cases with its 95 % interval, by drawing users with replacement: a user's cases are not independent.
 * @param values one a case
 * @param users whose case it is, from 0
 * @source Efron and Tibshirani, "An Introduction to the Bootstrap", 1993 (percentile interval)
 */
export function bootstrapMean(
  values: Float64Array,
  users: Int32Array,
  { resamples = 500, random }: { resamples?: number; random: Random },
): Interval {
  const clusters = sumsByUser(values, users);
  const means = Float64Array.from({ length: resamples }, () => {
    let [sum, count] = [0, 0];
    for (let draw = 0; draw < clusters.sums.length; draw++) {
      const user = random.integer(clusters.sums.length);
      sum += clusters.sums[user]!;
      count += clusters.counts[user]!;
    }
    return sum / count;
  }).sort();
  const quantile = (share: number) => means[Math.round(share * (resamples - 1))]!;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, low: quantile(0.025), high: quantile(0.975) };
}

function sumsByUser(values: Float64Array, users: Int32Array): { sums: Float64Array; counts: Uint32Array } {
  const numbers = new Map<number, number>();
  for (const user of users) if (!numbers.has(user)) numbers.set(user, numbers.size);
  const sums = new Float64Array(numbers.size);
  const counts = new Uint32Array(numbers.size);
  for (const [index, user] of users.entries()) {
    sums[numbers.get(user)!]! += values[index]!;
    counts[numbers.get(user)!]!++;
  }
  return { sums, counts };
}
