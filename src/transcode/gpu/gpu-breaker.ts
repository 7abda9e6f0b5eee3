import { z } from "zod";

/**
 * A GPU's record. `closed`: in use, with the failures since its last success. `open`: set aside since a time
 * (milliseconds of the clock), after which one video tries it again.
 */
export const Breaker = z.discriminatedUnion("state", [
  z.object({ state: z.literal("closed"), failures: z.int().nonnegative() }),
  z.object({ state: z.literal("open"), since: z.number(), reason: z.string() }),
]);
export type Breaker = z.infer<typeof Breaker>;

export const trusted: Breaker = { state: "closed", failures: 0 };

const failuresAllowed = 3;
const asideMs = 10 * 60_000;

/** Whether a video may try the GPU. Pure. */
export const allows = (breaker: Breaker, now: number): boolean =>
  breaker.state === "closed" || now >= breaker.since + asideMs;

/** After a video that failed on the GPU but not on a lower path, so that the video was not at fault. Pure. */
export function afterFailure(breaker: Breaker, now: number, reason: string): Breaker {
  if (breaker.state === "open") return { state: "open", since: now, reason };
  const failures = breaker.failures + 1;
  return failures < failuresAllowed ? { state: "closed", failures } : { state: "open", since: now, reason };
}

/** Why a GPU that is set aside is not used. */
export const asideReason = ({ since, reason }: Extract<Breaker, { state: "open" }>): string =>
  `the GPU is set aside until ${new Date(since + asideMs).toISOString()}: ${failuresAllowed} videos in a row failed on it, the last by ${reason}`;

/** Failures that are the GPU's fault; the others are due to its load or to the video. */
const gpuFaults = new Set([
  "CUDA_LIBRARY_MISSING",
  "DRIVER_TOO_OLD",
  "GPU_LOST",
  "GPU_OUT_OF_MEMORY",
  "ENCODE_STALLED",
  "ENCODE_FAILED",
  "OUTPUT_INVALID",
]);
export const blames = (code: string): boolean => gpuFaults.has(code);
