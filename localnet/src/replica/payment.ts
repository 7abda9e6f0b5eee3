import { cannotPay, consume, reserveOf } from "../canister/account.ts";
import type { Canister } from "../canister/canister.ts";
import type { Tariff } from "../canister/execution.ts";
import type { Rejection } from "../canister/trap.ts";
import { executionFee, ingressFee, largestReplyFee, replyFee, requestFee } from "../cycles/fees.ts";
import type { Callback } from "./call-context.ts";

/** The address type of the canister's code, which is what the price of its instructions depends on. */
function addressOf({ program }: Canister): "i32" | "i64" {
  return program?.module.address ?? "i32";
}

/**
 * Charges for the maximum number of instructions of a message; `giveBack` refunds what it did not use.
 * @returns the amount, or why the canister cannot pay it
 */
export function prepay(canister: Canister, limit: bigint, address = addressOf(canister)): bigint | Rejection {
  const amount = executionFee(limit, address);
  const rejection = cannotPay(canister, amount);
  if (rejection) return rejection;
  canister.cycles -= amount;
  return amount;
}

/** @param prepaid what `prepay` took, also for a callback when its call was made */
export function giveBack(
  canister: Canister,
  prepaid: bigint,
  instructions: bigint,
  address = addressOf(canister),
): void {
  canister.cycles += prepaid;
  const fee = executionFee(instructions, address);
  // A callback may have been paid for at the price of the code before an upgrade.
  consume(canister, "instructions", fee < prepaid ? fee : prepaid);
}

/** What calls cost a message of the canister, besides the cycles that they carry. */
export function tariffOf(canister: Canister, limit: bigint): Tariff {
  return {
    fee: requestFee,
    prepaid: largestReplyFee + executionFee(limit, addressOf(canister)),
    reserve: reserveOf(canister),
  };
}

/**
 * Charges a reply's bytes to what its call held back for them, and returns the rest of that part.
 * @returns what is left for the callback's execution
 */
export function payReply(canister: Canister, { prepaid }: Callback, bytes: number): bigint {
  canister.cycles += largestReplyFee;
  const fee = replyFee(bytes);
  consume(canister, "request_and_response_transmission", fee < largestReplyFee ? fee : largestReplyFee);
  return prepaid - largestReplyFee;
}

/** Charges a message from outside to the canister that receives it. */
export function payIngress(canister: Canister, bytes: number): Rejection | undefined {
  const fee = ingressFee(bytes);
  const rejection = cannotPay(canister, fee);
  if (!rejection) consume(canister, "ingress_induction", fee);
  return rejection;
}
