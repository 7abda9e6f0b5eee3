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

/**
 * What becomes of a job that did not end well.
 * - reject: the video is refused for good
 * - fail: nobody tries again by himself
 * - retry: after a wait, here or elsewhere
 * - hand-back: to any worker, at once; it counts as no try
 * - hand-back-and-pause: the same, and this host takes no more jobs until it can
 * - leave: the job belongs to somebody else
 */
export type FailureAction = "reject" | "fail" | "retry" | "hand-back" | "hand-back-and-pause" | "leave";

/** @param triesLeft tries after this one */
export function failureAction(failure: TaskFailure | Stopped, triesLeft: number): FailureAction {
  if (failure instanceof Stopped) return failure.why === "lease-lost" ? "leave" : "hand-back";
  if (failure.code === "DISK_FULL") return "hand-back-and-pause";
  if (failure.kind === "rejection") return "reject";
  if (failure.kind === "final") return "fail";
  return triesLeft > 0 ? "retry" : "fail";
}
