import type { CanisterHealth } from "./canister-health.ts";

/** When a canister is topped up, and with how much. Cycles. */
export type FundingPolicy = {
  /** With fewer days left it is low. */
  belowDays: number;
  /** What one that is low gets at least. */
  atLeast: bigint;
  /** user_index is low with less: what it has beyond its reserve goes to others. */
  userIndex: bigint;
};

/**
 * What a canister lacks: 0 when it is not low. Measured burn says whether it is; what it costs to lie there says how
 * much more than `atLeast` it gets, since an hour of uploads is not every hour.
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
