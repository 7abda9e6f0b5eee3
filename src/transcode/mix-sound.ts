import { join } from "node:path";
import { intermediates, secondsOf, soundEncoding } from "./command.ts";
import { type FfmpegCommand, fileUrl, hardened, runFfmpeg } from "./ffmpeg.ts";
import type { EncodePlan } from "./plan.ts";
import { soundFilters } from "./sound.ts";

/**
 * Encodes sound that changes its channels half-way, apart from the picture. ffmpeg builds its filters anew at
 * every change, and with them their clock: so the sound is mixed to stereo first, by filters without a memory.
 * @throws RejectionError and TypedError as `runFfmpeg`
 */
export async function mixSound(
  plan: EncodePlan,
  { folder, stallSeconds, signal }: { folder: string; stallSeconds: number; signal: AbortSignal | undefined },
): Promise<void> {
  for (const step of mixCommands(plan, folder))
    await runFfmpeg(step, { signal, stallMs: stallSeconds * 1000 });
}

/** To one layout, in floating point as it was measured (whole numbers would be mixed more quietly), then to the output; none for sound that keeps its channels. */
export function mixCommands(plan: EncodePlan, folder: string): FfmpegCommand[] {
  const { audio, input } = plan;
  if (audio === null || audio.mix === "with the picture") return [];
  const stereo = join(folder, "stereo.nut");
  return [
    {
      inputOptions: ["-max_error_rate", "1", ...hardened(input.demuxer)],
      input: fileUrl(input.path),
      filterGraph: `[0:${audio.stream}]aresample=48000:async=1,aformat=sample_fmts=flt:channel_layouts=stereo[sound]`,
      outputs: [{ options: ["-map", "[sound]", "-c:a", "pcm_f32le", "-f", "nut"], target: stereo }],
    },
    {
      // A late start counts from the file's clock, not from the first sample.
      inputOptions: ["-copyts", ...hardened("nut")],
      input: fileUrl(stereo),
      filterGraph: `[0:0]${soundFilters(audio.level, secondsOf(plan))}[sound]`,
      outputs: [
        { options: ["-map", "[sound]", ...soundEncoding(audio)], target: intermediates(plan, folder).audio! },
      ],
    },
  ];
}
