import type { Random } from "../../base/random.ts";
import { bootstrapMean, type Interval } from "./bootstrap.ts";

/**
 * A logged choice: its probability under the logging policy, its probability under the policy being evaluated, and its
 * reward (a long view, a like... any number).
 */
export type LoggedChoice = { user: number; propensity: number; target: number; reward: number };

export type OffPolicyEstimate = {
  /** Unbiased; noisy where the policies differ. */
  ips: Interval;
  /** Slightly biased, far less noisy: the weights are scaled to a mean of 1. */
  snips: Interval;
  /** Of how many equally weighted choices this is worth: far below their number, the estimate is unreliable. */
  effectiveChoices: number;
};

/**
 * What a policy would have earned for each choice, estimated from what another one logged. The propensities must be
 * true and above 0 wherever the policy in question would choose.
 * @param cap weights above it are cut, which trades noise for bias; none is cut by default
 * @source Horvitz and Thompson, 1952; Swaminathan and Joachims, "The Self-Normalized Estimator for Counterfactual
 * Learning", 2015
 */
export function estimateOffPolicy(
  choices: readonly LoggedChoice[],
  { random, cap = Number.POSITIVE_INFINITY }: { random: Random; cap?: number },
): OffPolicyEstimate {
  const weights = Float64Array.from(choices, ({ target, propensity }) => Math.min(cap, target / propensity));
  const rewards = Float64Array.from(choices, ({ reward }, index) => reward * weights[index]!);
  const users = Int32Array.from(choices, ({ user }) => user);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const squares = weights.reduce((sum, weight) => sum + weight ** 2, 0);
  return {
    ips: bootstrapMean(rewards, users, { random }),
    snips: bootstrapMean(rewards, users, { random, weights }),
    effectiveChoices: squares === 0 ? 0 : total ** 2 / squares,
  };
}
