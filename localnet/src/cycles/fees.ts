import { prices } from "./prices.ts";

type Address = keyof typeof prices.instruction;

/** Largest reply of a call, bytes: what a caller pays for in advance. @source Internet Computer resource limits */
const largestReply = 2n * 1024n * 1024n;

const second = 1_000_000_000n;
const gibibyte = 1n << 30n;

export function executionFee(instructions: bigint, address: Address): bigint {
  return prices.message + instructions * prices.instruction[address];
}

export function ingressFee(bytes: number): bigint {
  return prices.ingress + BigInt(bytes) * prices.ingressByte;
}

/** Of a request to another canister; the reply's bytes are paid for when it comes. */
export function requestFee(bytes: number): bigint {
  return prices.call + BigInt(bytes) * prices.callByte;
}

export function replyFee(bytes: number): bigint {
  return BigInt(bytes) * prices.callByte;
}

/** What a call holds back for the largest reply there can be. */
export const largestReplyFee = largestReply * prices.callByte;

/** Maximum instructions of a callback, which a call pays for in advance. @source Internet Computer resource limits */
const largestCallback = 40_000_000_000n;

/** The balance needed to make a call; part of it is returned. @param bytes of method name and argument */
export function callCost(bytes: number, address: Address): bigint {
  return requestFee(bytes) + largestReplyFee + executionFee(largestCallback, address);
}

/** What an idle canister consumes. */
export interface Holding {
  /** Bytes of memory, all kinds together. */
  memory: bigint;
  /** Percent. */
  computeAllocation: bigint;
}

/** @param duration nanoseconds */
export function idleFee({ memory, computeAllocation }: Holding, duration: bigint): bigint {
  const storage = (memory * prices.storageGibSecond * duration) / (gibibyte * second);
  return storage + (computeAllocation * prices.computePercentSecond * duration) / second;
}

/** The balance below which a canister is frozen. @param threshold seconds */
export function freezingLimit(holding: Holding, threshold: bigint): bigint {
  return idleFee(holding, threshold * second);
}

/** @param response maximum bytes of the response, whether used or not */
export function outcallFee(request: number, response: bigint): bigint {
  const { once, perNode, requestByte, responseByte } = prices.outcall;
  const { nodes } = prices;
  return (once + perNode * nodes + requestByte * BigInt(request) + responseByte * response) * nodes;
}
