import { askChild } from "../base/processes/ask-child.ts";
import { ChildLost } from "../base/processes/start-child.ts";
import { TypedError } from "../base/typed-error.ts";
import type { Analysis } from "./analysis.ts";
import type { AnalysisInput } from "./analysis-input.ts";
import { analysisOperation } from "./analysis-operation.ts";
import type { ModerationPolicy } from "./settings.ts";

const program = new URL("program.ts", import.meta.url);

/**
 * Judges and describes a video in a child process: the network's memory goes with it, and a crash there is an error here.
 * @throws TypedError ANALYSIS_FAILED: without a verdict the video must not become public
 * @throws TypedError ANALYSIS_LIMIT when it was killed for its bounds
 * @throws the signal's reason when it was aborted
 */
export async function analyse(
  input: AnalysisInput,
  policy: ModerationPolicy,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<Analysis> {
  try {
    return await askChild(program, analysisOperation, { input, policy }, { signal, ...policy.bounds });
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof ChildLost && (cause.why === "late" || cause.why === "memory"))
      throw new TypedError(
        "ANALYSIS_LIMIT",
        `the analysis was ${cause.message}: raise KILN_ANALYSIS_SECONDS or KILN_ANALYSIS_MEMORY_BYTES`,
        { cause },
      );
    throw new TypedError(
      "ANALYSIS_FAILED",
      `the content could not be judged (${(cause as Error).message}), so the video stays unpublished; KILN_MODERATION=off publishes without a verdict`,
      { cause },
    );
  }
}
