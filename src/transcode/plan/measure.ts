import { fileUrl, hardened, runFfmpeg } from "../base/ffmpeg.ts";
import { type RunPolicy, softwareBounds } from "../base/resource-limits.ts";
import type { Policy } from "../base/settings.ts";
import type { Source } from "../probe/screen.ts";
import { shownSeconds } from "../probe/streams.ts";
import { loudnessOf, soundFormatsOf } from "./loudness.ts";
import { type Measurement, unmeasured } from "./measurement.ts";
import type { EncodePlan } from "./plan.ts";
import { sampleDifficulty } from "./sample-difficulty.ts";
import { mixed } from "./sound.ts";

type Run = RunPolicy & { signal?: AbortSignal | undefined };

/**
 * Decodes what has to be known before the encode: all of the sound, and excerpts of the picture.
 * @param draft the plan as it is without that knowledge
 * @throws RejectionError CORRUPT when nothing of the sound can be decoded
 * @throws TypedError as `runFfmpeg`
 */
export async function measure(
  source: Source,
  draft: EncodePlan,
  { perTitle, ...run }: Pick<Policy, "perTitle"> & Run,
): Promise<Measurement> {
  const sound = await measureSound(source, run);
  return { ...sound, difficulty: perTitle === "on" ? await sampleDifficulty(draft, run) : null };
}

async function measureSound(source: Source, { signal, ...policy }: Run) {
  const { path, container, audio } = source;
  if (audio === null) return unmeasured;
  const log: string[] = [];
  const end = shownSeconds(source).toFixed(6);
  // Its own notes at every tenth of a second would fill the log: level 48 is never shown.
  const meter = "ebur128=peak=true:framelog=48";
  await runFfmpeg(
    {
      inputOptions: ["-max_error_rate", "1", ...hardened(container.demuxer)],
      input: fileUrl(path),
      filterGraph: `[0:${audio.index}]${[...mixed, `atrim=end=${end}`, meter].join(",")}[sound]`,
      outputs: [{ options: ["-map", "[sound]", "-f", "null"], target: "-" }],
    },
    { signal, ...softwareBounds(policy), onLog: (line) => log.push(line) },
  );
  return {
    loudness: loudnessOf(log),
    channels: soundFormatsOf(log).length > 1 ? "changing" : "constant",
  } as const;
}
