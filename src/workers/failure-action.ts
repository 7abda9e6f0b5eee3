import type { ErrorCode } from "../base/errors.ts";
import type { TaskFailure } from "./tasks/task-failure.ts";

/** Why a job is stopped from here: the signal's reason. */
export class Stopped extends Error {
  override readonly name = "Stopped";
  readonly why: "lease-lost" | "worker-stops";

  constructor(why: "lease-lost" | "worker-stops") {
    super(why);
    this.why = why;
  }
}

/** Something that a host can be without: free disk space, its blob store, the network of canisters, a Redis that takes writes. */
export type Lack = "disk" | "blobs" | "network" | "redis";

const lacks: Partial<Record<ErrorCode, Lack>> = {
  DISK_FULL: "disk",
  BLOBS_MISSING: "blobs",
  BLOBS_DIFFERENT: "blobs",
  CANISTER_UNREACHABLE: "network",
};

/** What the host may be without, if a job failed so. */
export const lackOf = ({ code }: { code: string }): Lack | undefined => lacks[code as ErrorCode];

/** Healed by time or by an operator, and no fault of this host. */
const healed: ReadonlySet<ErrorCode> = new Set([
  "OUT_OF_SPACE",
  "QUOTA_EXCEEDED",
  "UPLOAD_INCOMPLETE",
  "UPLOAD_NOT_FOUND",
]);

/**
 * What becomes of a job that failed.
 * - reject: the video is refused for good
 * - fail: an operator has to act
 * - retry: after a pause, here or elsewhere, a few times
 * - wait: after growing pauses, for hours if need be; it counts as no try
 * - hand-back: to any worker, at once; it counts as no try
 * - leave: another worker has taken the job
 */
export type FailureAction = "reject" | "fail" | "retry" | "wait" | "hand-back" | "leave";

/** A video that breaks a limit on one host and on a second try is the cause itself, not a busy host. */
const limitCodes: ReadonlySet<ErrorCode> = new Set([
  "PROBE_LIMIT",
  "READER_DIED",
  "ANALYSIS_LIMIT",
  "ENCODE_TOO_SLOW",
  "OUTPUT_TOO_LARGE",
  "OUT_OF_MEMORY",
]);

/** @param tries made before this one, and left after it */
export function failureAction(
  failure: TaskFailure | Stopped,
  tries: { made: number; left: number },
): FailureAction {
  if (failure instanceof Stopped) return failure.why === "lease-lost" ? "leave" : "hand-back";
  if (lackOf(failure) !== undefined || healed.has(failure.code)) return "wait";
  if (failure.kind === "rejection") return "reject";
  if (failure.kind === "final") return "fail";
  if (limitCodes.has(failure.code) && tries.made > 0) return "fail";
  return tries.left > 0 ? "retry" : "fail";
}

const shortestWaitMs = 2_000;
const longestWaitMs = 300_000;

/**
 * Milliseconds until the next try of a job that has been waiting for `waitedMs`: the wait doubles, the upper half of it by
 * chance, so that many jobs do not come back in step.
 * @param random in [0, 1)
 */
export function waitMs(waitedMs: number, random: number): number {
  const ceiling = Math.min(longestWaitMs, Math.max(shortestWaitMs, waitedMs));
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}
