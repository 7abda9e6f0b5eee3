import { TypedError } from "../base/typed-error.ts";
import { isDiskFull } from "./base/rejection.ts";
import type { Policy } from "./base/settings.ts";
import { recordOutcome } from "./gpu/acceleration.ts";
import { type Choice, type EncodePath, type Fallback, stepDown } from "./gpu/encode-path.ts";
import { blames } from "./gpu/gpu-breaker.ts";

/**
 * Does a piece of work by the best open path, and again one step down at each failure on a GPU. Failures of the GPU
 * are recorded once a lower path has succeeded: only then is it clear that the video was not at fault.
 * @param work from the encode to the verification, so that a GPU that writes rubbish counts as one that fails
 * @param repeatable whether the work can be done again after what has been done of it
 * @throws what the last path throws; at once DISK_FULL, and the signal's reason when it is aborted
 */
export async function withEncoderFallback<Result>(
  choice: Choice,
  work: (path: EncodePath, fallbacks: readonly Fallback[]) => Promise<Result>,
  { gpuState, repeatable, signal }: Pick<Policy, "gpuState"> & Repetition,
): Promise<Result> {
  const fallbacks = [...choice.closed];
  const failures: string[] = [];
  let path: EncodePath = choice.open[0];
  let below: readonly EncodePath[] = choice.open.slice(1);
  for (;;) {
    try {
      const result = await work(path, fallbacks);
      await record(choice.open[0], failures, gpuState);
      return result;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof TypedError) || isDiskFull(error) || !repeatable()) throw error;
      const [next, ...rest] = stepDown(below, error.code);
      if (next === undefined) throw error;
      fallbacks.push({ from: path.name, reason: `${error.code}: ${error.message}` });
      failures.push(error.code);
      [path, below] = [next, rest];
    }
  }
}

export type Repetition = { repeatable: () => boolean; signal?: AbortSignal | undefined };

/** Records how the encode ended on the GPU that it was first sent to. */
async function record(first: EncodePath, failures: readonly string[], folder: string): Promise<void> {
  if (first.name === "software" || first.card.uuid === null) return;
  const blamed = failures.find(blames);
  if (blamed !== undefined) await recordOutcome(first.card.uuid, blamed, folder);
  else if (failures.length === 0) await recordOutcome(first.card.uuid, null, folder);
}
