import { join } from "node:path";
import { type FfmpegCommand, fileUrl, hardened, runFfmpeg } from "../base/ffmpeg.ts";
import { type RunPolicy, softwareBounds } from "../base/resource-limits.ts";
import type { EncodePlan } from "../plan/plan.ts";
import { soundFilters } from "../plan/sound.ts";
import { intermediates, secondsOf, soundEncoding } from "./command.ts";

/**
 * Encodes sound that is not encoded together with the picture.
 * @throws RejectionError and TypedError as `runFfmpeg`
 */
export async function encodeSound(
  plan: EncodePlan,
  { folder, policy, signal }: { folder: string; policy: RunPolicy; signal: AbortSignal | undefined },
): Promise<void> {
  for (const step of soundCommands(plan, folder))
    await runFfmpeg(step, { signal, ...softwareBounds(policy) });
}

/** The commands, one after the other; none for sound that is encoded together with the picture. */
export function soundCommands(plan: EncodePlan, folder: string): FfmpegCommand[] {
  const { audio, input } = plan;
  if (audio === null || audio.encoded === "with the picture") return [];
  const source = { demuxer: input.demuxer, url: fileUrl(input.path), stream: audio.stream };
  const damaged = ["-max_error_rate", "1"];
  if (audio.channels === "constant") return [encoding(plan, audio, source, folder, damaged)];
  // ffmpeg rebuilds its filters, and so restarts their clock, at every change: so the sound is first mixed to stereo by
  // stateless filters, in floating point as it was measured (integers would be quieter).
  const stereo = join(folder, "stereo.nut");
  const mixed = { demuxer: "nut", url: fileUrl(stereo), stream: 0 };
  return [
    {
      inputOptions: [...damaged, ...hardened(source.demuxer)],
      input: source.url,
      filterGraph: `[0:${source.stream}]aresample=48000:async=1,aformat=sample_fmts=flt:channel_layouts=stereo[sound]`,
      outputs: [{ options: ["-map", "[sound]", "-c:a", "pcm_f32le", "-f", "nut"], target: stereo }],
    },
    // A late start counts from the file's clock, not from the first sample.
    encoding(plan, audio, mixed, folder, ["-copyts"]),
  ];
}

function encoding(
  plan: EncodePlan,
  audio: NonNullable<EncodePlan["audio"]>,
  { demuxer, url, stream }: { demuxer: string; url: string; stream: number },
  folder: string,
  options: readonly string[],
): FfmpegCommand {
  return {
    inputOptions: [...options, ...hardened(demuxer)],
    input: url,
    filterGraph: `[0:${stream}]${soundFilters(audio.level, secondsOf(plan))}[sound]`,
    outputs: [
      { options: ["-map", "[sound]", ...soundEncoding(audio)], target: intermediates(plan, folder).audio! },
    ],
  };
}
