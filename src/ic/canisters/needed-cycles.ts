import type { CanisterHealth } from "./canister-health.ts";

/** When a canister is topped up, and with how much. Cycles. */
export type FundingPolicy = {
  /** A canister with fewer days left is low. */
  belowDays: number;
  /** The minimum top-up. */
  atLeast: bigint;
  /** user_index is low below this balance, because it tops up the others. */
  userIndex: bigint;
};

/**
 * How many cycles a canister needs; 0 if it is not low. The measured burn decides whether it is low. How much it gets on
 * top of `atLeast` depends on the idle cost only, because a busy hour says little about the next days.
 */
export function neededCycles(health: CanisterHealth, policy: FundingPolicy): bigint {
  const { belowDays, atLeast, userIndex } = policy;
  const { cycles, reserve, idlePerDay, daysLeft, name } = health;
  const days = BigInt(Math.ceil(belowDays));
  const least = larger(reserve + idlePerDay * days, name === "user_index" ? userIndex : 0n);
  if (daysLeft >= belowDays && cycles >= least) return 0n;
  return atLeast + larger(0n, least - cycles);
}

function larger(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
