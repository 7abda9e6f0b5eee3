import { command } from "./command.ts";
import type { EncodePath } from "./encode-path.ts";
import { runFfmpeg } from "./ffmpeg.ts";
import { type Damage, judge } from "./judge.ts";
import type { EncodePlan } from "./plan.ts";
import type { Source } from "./screen.ts";
import type { Policy } from "./settings.ts";

export type EncodeOptions = {
  policy: Policy;
  /** That receives the intermediates. */
  folder: string;
  signal: AbortSignal | undefined;
  /** Frames written so far. */
  onFrames: (frames: number) => void;
};

/** Frames in every rendition, and what of the source was lost. */
export type Encoded = { frames: number; damage: Damage };

/**
 * Encodes by one path, and judges the source by what came out.
 * @throws RejectionError CORRUPT, TRUNCATED, UNSUPPORTED_CODEC, DISK_FULL
 * @throws GpuError
 * @throws TypedError ENCODE_FAILED, ENCODE_STALLED, FFMPEG_MISSING
 * @throws the signal's reason when it is aborted
 */
export async function encode(
  source: Source,
  plan: EncodePlan,
  path: EncodePath,
  { policy, folder, signal, onFrames }: EncodeOptions,
): Promise<Encoded> {
  const report = await runFfmpeg(command(plan, path, policy, folder), {
    signal,
    stallMs: policy.stallSeconds * 1000,
    onFrames,
  });
  return { frames: report.frames, damage: judge(report, source.video.timing.packets, plan.frames) };
}
