import { fileUrl, hardened, runFfmpeg } from "./ffmpeg.ts";
import { loudnessOf, stretchesOf } from "./loudness.ts";
import { type Measurement, unmeasured } from "./measurement.ts";
import type { Source } from "./screen.ts";
import { mixed } from "./sound.ts";

/**
 * Decodes what has to be known before the encode: all of the sound that the video will have.
 * @throws RejectionError CORRUPT when nothing of it can be decoded
 * @throws TypedError as `runFfmpeg`
 */
export async function measure(
  { path, container, video, audio }: Source,
  { stallSeconds, signal }: { stallSeconds: number; signal?: AbortSignal | undefined },
): Promise<Measurement> {
  if (audio === null) return unmeasured;
  const log: string[] = [];
  const end = (video.start + video.timing.duration).toFixed(6);
  // Its own notes at every tenth of a second would fill the log: level 48 is never shown.
  const meter = "ebur128=peak=true:framelog=48";
  await runFfmpeg(
    {
      inputOptions: ["-max_error_rate", "1", ...hardened(container.demuxer)],
      input: fileUrl(path),
      filterGraph: `[0:${audio.index}]${[...mixed, `atrim=end=${end}`, meter].join(",")}[sound]`,
      outputs: [{ options: ["-map", "[sound]", "-f", "null"], target: "-" }],
    },
    { signal, stallMs: stallSeconds * 1000, onLog: (line) => log.push(line) },
  );
  return { loudness: loudnessOf(log), channels: stretchesOf(log) > 1 ? "changing" : "constant" };
}
