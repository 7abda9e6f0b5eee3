import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { analyse } from "../../analysis/analyse.ts";
import type { Analysis } from "../../analysis/analysis.ts";
import type { ModerationPolicy } from "../../analysis/settings.ts";
import type { Limits, Policy } from "../../transcode/base/settings.ts";
import { transcode } from "../../transcode/transcode.ts";

/** Short side of the only rendition. Its size does not matter: the analysis reads the decoded frames. */
const smallest = 144;

/**
 * Judges a video by the frames that its encode would use, and discards the encode.
 * @throws TypedError as transcode and analyse
 */
export async function judgeOriginal(
  original: string,
  {
    moderation,
    policy,
    limits,
    signal,
  }: { moderation: ModerationPolicy; policy: Policy; limits: Limits; signal?: AbortSignal | undefined },
): Promise<Analysis["moderation"]> {
  const folder = await mkdtemp(join(tmpdir(), "kiln-judge-"));
  try {
    const { analysis } = await transcode(original, {
      ...{ out: join(folder, "out"), policy: { ...policy, ladder: [smallest] }, limits, signal },
      analyse: (input, run) => analyse(input, moderation, run),
    });
    return analysis!.moderation;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
