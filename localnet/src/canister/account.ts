import { freezingLimit, type Holding, idleFee } from "../cycles/fees.ts";
import type { Use } from "../cycles/uses.ts";
import type { Canister } from "./canister.ts";
import { totalMemory } from "./memory-usage.ts";
import { errorCodes, type Rejection, reject, textOf } from "./trap.ts";

/** Deducts cycles and records their use. */
export function consume(canister: Canister, use: Use, amount: bigint): void {
  canister.cycles -= amount;
  canister.consumed[use] += amount;
}

/** A canister that reserves memory pays for all of it, used or not. */
export function holdingOf(canister: Canister): Holding {
  const { memoryAllocation, computeAllocation } = canister.settings;
  const used = totalMemory(canister);
  return { memory: used > memoryAllocation ? used : memoryAllocation, computeAllocation };
}

/** The balance below which a canister is frozen. */
export function reserveOf(canister: Canister): bigint {
  return freezingLimit(holdingOf(canister), canister.settings.freezingThreshold);
}

/** Why a canister cannot spend an amount; undefined when it can. */
export function cannotPay(canister: Canister, amount: bigint): Rejection | undefined {
  const missing = amount + reserveOf(canister) - canister.cycles;
  if (missing <= 0n) return undefined;
  const message = `Canister ${textOf(canister.id)} is out of cycles: please top up the canister with at least ${missing} additional cycles`;
  return reject(errorCodes.outOfCycles, message);
}

const second = 1_000_000_000n;

/**
 * Charges for the canister's memory and compute allocation since the last charge, in whole seconds.
 * @param now nanoseconds since 1970
 * @returns whether it could pay; if not, its whole balance is taken
 */
export function chargeIdle(canister: Canister, now: bigint): "paid" | "exhausted" {
  const since = canister.chargedAt ?? now;
  const duration = now > since ? ((now - since) / second) * second : 0n;
  canister.chargedAt = since + duration;
  const holding = holdingOf(canister);
  const compute = idleFee({ ...holding, memory: 0n }, duration);
  const fee = idleFee(holding, duration);
  if (fee > canister.cycles) {
    consume(canister, "uninstall", canister.cycles);
    return "exhausted";
  }
  consume(canister, "compute_allocation", compute);
  consume(canister, "memory", fee - compute);
  return "paid";
}
