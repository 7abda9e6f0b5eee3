import { TypedError } from "../telemetry/typed-error.ts";
import { openPaths, recordOutcome } from "./acceleration.ts";
import { command } from "./command.ts";
import { type EncodePath, encoderOf, stepDown } from "./encode-path.ts";
import { runFfmpeg } from "./ffmpeg.ts";
import { blames } from "./gpu-breaker.ts";
import { type Damage, judge } from "./judge.ts";
import type { Manifest } from "./manifest.ts";
import { mixSound } from "./mix-sound.ts";
import type { EncodePlan } from "./plan.ts";
import type { Reporting } from "./progress.ts";
import type { Source } from "./screen.ts";
import type { Policy } from "./settings.ts";

export type EncodeOptions = Reporting & {
  policy: Policy;
  folder: string;
  /** When the files in the folder are read: those of an encode that failed half-way must not have been. */
  read: "while they grow" | "when they are whole";
};

/** Frames in every rendition, what of the source was lost, and how it was encoded. */
export type Encoded = { frames: number; damage: Damage; encoder: Manifest["encoder"] };

/**
 * Encodes by the best path that is open, and goes one step down at each failure on a GPU.
 * @throws RejectionError CORRUPT, TRUNCATED, UNSUPPORTED_CODEC, DISK_FULL
 * @throws TypedError ENCODE_FAILED, ENCODE_STALLED, NO_SUCH_GPU, FFMPEG_MISSING
 * @throws the signal's reason when it is aborted
 */
export async function encode(source: Source, plan: EncodePlan, options: EncodeOptions): Promise<Encoded> {
  const { policy, folder, signal, read } = options;
  await mixSound(plan, { folder, stallSeconds: policy.stallSeconds, signal });
  const choice = await openPaths(plan, policy, signal);
  const fallbacks = [...choice.closed];
  const failures: string[] = [];
  let path: EncodePath = choice.open[0];
  let below: readonly EncodePath[] = choice.open.slice(1);
  let written = 0;
  const onFrames = (frames: number) => {
    written = frames;
    options.progress("encode", Math.min(1, frames / plan.frames));
  };
  for (;;) {
    try {
      const made = await attempt(source, plan, path, { ...options, onFrames });
      // Only now is it clear that the video was not at fault.
      await record(choice.open[0], failures, policy);
      return { ...made, encoder: { ...describe(plan, path), fallbacks } };
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof TypedError) || error.code === "DISK_FULL") throw error;
      // Segments that have left cannot be called back, and another encoder's would not fit to them.
      if (read === "while they grow" && written > 0) throw error;
      const [next, ...rest] = stepDown(below, error.code);
      if (next === undefined) throw error;
      fallbacks.push({ from: path.name, reason: `${error.code}: ${error.message}` });
      failures.push(error.code);
      [path, below] = [next, rest];
    }
  }
}

/** Keeps how the video fared on the GPU that it was first sent to. */
async function record(first: EncodePath, failures: readonly string[], { gpuState }: Policy): Promise<void> {
  if (first.name === "software" || first.card.uuid === null) return;
  const blamed = failures.find(blames);
  if (blamed !== undefined) await recordOutcome(first.card.uuid, blamed, gpuState);
  else if (failures.length === 0) await recordOutcome(first.card.uuid, null, gpuState);
}

async function attempt(
  source: Source,
  plan: EncodePlan,
  path: EncodePath,
  { policy, folder, signal, onFrames }: EncodeOptions & { onFrames: (frames: number) => void },
): Promise<Omit<Encoded, "encoder">> {
  const report = await runFfmpeg(command(plan, path, policy, folder), {
    signal,
    stallMs: policy.stallSeconds * 1000,
    onFrames,
  });
  const damage = judge(report, source.video.timing.packets, plan.frames);
  return { frames: report.frames, damage };
}

function describe({ renditions }: EncodePlan, path: EncodePath) {
  const names = new Set(renditions.map(({ codec }) => encoderOf(path, codec).name));
  return { name: [...names].join("+"), path: path.name };
}
