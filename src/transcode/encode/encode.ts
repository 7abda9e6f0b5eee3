import { EmptyOutputError, type FfmpegReport, runFfmpeg } from "../base/ffmpeg.ts";
import type { Policy } from "../base/settings.ts";
import type { EncodePath } from "../gpu/encode-path.ts";
import type { EncodePlan } from "../plan/plan.ts";
import type { Source } from "../probe/screen.ts";
import { boundsOf } from "./bounds.ts";
import { command } from "./command.ts";
import { dropParts, encodeParts, joinPictures } from "./encode-parts.ts";
import { encodeSound } from "./encode-sound.ts";
import { type Damage, judge } from "./judge.ts";
import { together } from "./together.ts";

export type EncodeOptions = {
  policy: Policy;
  /** Receives the intermediates. */
  folder: string;
  /** SHA-256 of the source, in hexadecimal. */
  hashing: Promise<string>;
  signal: AbortSignal | undefined;
  /** Frames written so far. */
  onFrames: (frames: number) => void;
};

/** Frames in every rendition, what of the source was lost, and where the renditions lie. */
export type Encoded = {
  frames: number;
  damage: Damage;
  /** A folder for each of the plan's parts that has frames; sound and pictures are in one piece. */
  parts: string[];
};

/**
 * Encodes by one path, and judges the source by what came out.
 * @throws RejectionError CORRUPT, TRUNCATED, UNSUPPORTED_CODEC, DISK_FULL
 * @throws GpuError
 * @throws TypedError ENCODE_FAILED, ENCODE_STALLED, ENCODE_TOO_SLOW, OUTPUT_TOO_LARGE, OUT_OF_MEMORY, FFMPEG_MISSING,
 *   PART_INCOMPLETE
 * @throws the signal's reason when it is aborted
 */
export async function encode(
  source: Source,
  plan: EncodePlan,
  path: EncodePath,
  options: EncodeOptions,
): Promise<Encoded> {
  const { folder, signal, policy } = options;
  const [encoded] = await together<Encoded | undefined>(
    [
      (stop) => encodePicture(source, plan, path, { ...options, signal: stop }),
      async (stop) => {
        await encodeSound(plan, { folder, policy, signal: stop });
        return undefined;
      },
    ],
    { atOnce: 2, signal },
  );
  return encoded!;
}

/** With the sound, where that is not encoded apart. */
async function encodePicture(
  source: Source,
  plan: EncodePlan,
  path: EncodePath,
  { policy, folder, hashing, signal, onFrames }: EncodeOptions,
): Promise<Encoded> {
  // Frames that are held come out however damaged the source is.
  const damageOf = (report: FfmpegReport) =>
    judge(
      { ...report, frames: Math.max(0, report.frames - plan.held) },
      source.video.timing.packets,
      plan.frames - plan.held,
    );
  const judged = (report: FfmpegReport) => ({ frames: report.frames, damage: damageOf(report) });
  if (plan.parts.length === 1) {
    const stallMs = policy.stallSeconds * 1000;
    const bounds = boundsOf(plan, path, policy);
    const report = await runFfmpeg(command(plan, path, policy, folder), {
      signal,
      stallMs,
      bounds,
      onFrames,
    }).catch((error: unknown) => {
      // Pictures begin in the first quarter, so too little is there to be accepted; the judge reports how little.
      if (error instanceof EmptyOutputError) damageOf(error.report);
      throw error;
    });
    return { ...judged(report), parts: [folder] };
  }
  const sha256 = await hashing;
  const { folders, report } = await encodeParts(plan, path, { policy, sha256, signal, onFrames });
  try {
    await joinPictures(plan, folders, folder);
    return { ...judged(report), parts: folders };
  } catch (error) {
    await dropParts(folders);
    throw error;
  }
}
