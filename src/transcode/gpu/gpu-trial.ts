import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Codec } from "../base/codec.ts";
import { type FfmpegCommand, fileUrl, runFfmpeg } from "../base/ffmpeg.ts";
import { allFeatures, type NvencFeatures, noFeatures, nvenc } from "../encoders/nvenc.ts";
import { cardScale, decoderOptions, deviceOptions, download } from "./cuda.ts";
import { pattern, type Trial, trial } from "./trial-encode.ts";

export type EncoderTrial = { works: true; features: NvencFeatures } | { works: false; reason: string };

const request = { maxrate: 1_000_000, bufsize: 1_000_000, segments: { segment: 30, group: 30, short: 0 } };
const policy = { profile: "balanced", preset: null, threads: 0 } as const;

/** Tries NVENC for a codec: first the plainest encode, then each feature on its own. */
export async function trialNvenc(codec: Codec, device: number, signal?: AbortSignal): Promise<EncoderTrial> {
  const works = (features: NvencFeatures) => trial(sessions(codec, device, { features, count: 1 }), signal);
  const plain = await works(noFeatures);
  if (!plain.works) return plain;
  const withFeature = async (features: Partial<NvencFeatures>) =>
    (await works({ ...noFeatures, ...features })).works;
  // Most GPUs can do it all.
  if ((await works(allFeatures)).works) return { works: true, features: allFeatures };
  const bFrames = await withFeature({ bFrames: true });
  return {
    works: true,
    features: {
      bFrames,
      bReference: bFrames && (await withFeature({ bFrames: true, bReference: true })),
      temporalAq: await withFeature({ temporalAq: true }),
      lookahead: await withFeature({ lookahead: true }),
    },
  };
}

/** How many encoders open at the same time, up to `max`; found by bisection. */
export async function trialSessions(
  codec: Codec,
  device: number,
  { max, signal }: { max: number; signal?: AbortSignal | undefined },
): Promise<number> {
  let [enough, tooMany] = [0, max + 1];
  for (let count = max; enough + 1 < tooMany; count = Math.floor((enough + tooMany) / 2)) {
    const { works } = await trial(sessions(codec, device, { features: noFeatures, count }), signal);
    if (works) enough = count;
    else tooMany = count;
  }
  return enough;
}

/** One ffmpeg that holds `count` encoders open. */
function sessions(
  codec: Codec,
  device: number,
  { features, count }: { features: NvencFeatures; count: number },
): FfmpegCommand {
  const encoder = nvenc(codec, features);
  const pads = Array.from({ length: count }, (_, index) => `[v${index}]`);
  return {
    inputOptions: [...deviceOptions(device), "-f", "lavfi"],
    input: pattern,
    filterGraph: `[0:v]format=nv12,hwupload,split=${count}${pads.join("")}`,
    outputs: pads.map((pad) => ({
      options: ["-map", pad, "-c:v", encoder.name, ...encoder.options(request, policy), "-f", "null"],
      target: "-",
    })),
  };
}

/** Tries a chain of filters on frames on the card. */
export function trialFilters(filters: string, device: number, signal?: AbortSignal): Promise<Trial> {
  return trial(
    {
      inputOptions: [...deviceOptions(device), "-f", "lavfi"],
      input: pattern,
      filterGraph: `[0:v]${filters}[out]`,
      outputs: [{ options: ["-map", "[out]", "-f", "null"], target: "-" }],
    },
    signal,
  );
}

/** Tries NVDEC and the scaler on a clip that is made for it, in a folder that is removed afterwards. */
export async function trialNvdec(device: number, signal?: AbortSignal): Promise<Trial> {
  const folder = await mkdtemp(join(tmpdir(), "kiln-trial-"));
  try {
    const clip = join(folder, "clip.mp4");
    await runFfmpeg(
      {
        inputOptions: ["-f", "lavfi"],
        input: pattern,
        filterGraph: "[0:v]format=yuv420p[out]",
        outputs: [{ options: ["-map", "[out]", "-c:v", "libx264", "-preset", "ultrafast"], target: clip }],
      },
      { signal, stallMs: 20_000 },
    );
    return await trial(
      {
        inputOptions: [...deviceOptions(device), ...decoderOptions],
        input: fileUrl(clip),
        filterGraph: `[0:v]${[cardScale({ width: 160, height: 120 }), ...download("nv12")].join(",")}[out]`,
        outputs: [{ options: ["-map", "[out]", "-f", "null"], target: "-" }],
      },
      signal,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
