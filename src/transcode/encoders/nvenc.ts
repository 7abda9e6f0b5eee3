import { z } from "zod";
import type { Codec } from "../base/codec.ts";
import type { VideoEncoder } from "./encoder.ts";

/** What a GPU's encoder can do beyond the plainest encode; each is found by a trial. */
export const NvencFeatures = z.object({
  bFrames: z.boolean(),
  /** B-frames that other frames may refer to. */
  bReference: z.boolean(),
  temporalAq: z.boolean(),
  lookahead: z.boolean(),
});
export type NvencFeatures = z.infer<typeof NvencFeatures>;

/** The plainest encode, and all that the newest GPUs can do. */
export const noFeatures: NvencFeatures = {
  bFrames: false,
  bReference: false,
  temporalAq: false,
  lookahead: false,
};
export const allFeatures: NvencFeatures = {
  bFrames: true,
  bReference: true,
  temporalAq: true,
  lookahead: true,
};

/** NVIDIA's own steps: fast, medium and high quality of its guide to ffmpeg. */
const presets = { fast: "p2", balanced: "p4", quality: "p6" } as const;

const codecOptions: Record<Codec, { quality: string; options: readonly string[] }> = {
  // Baseline is the default of older builds.
  h264: { quality: "25", options: ["-profile:v", "high"] },
  // Apple plays HEVC only with the parameter sets in the sample description.
  hevc: { quality: "28", options: ["-profile:v", "main", "-tag:v", "hvc1"] },
  // Its scale ends at 63.
  av1: { quality: "35", options: [] },
};

/**
 * An encoder of an NVIDIA GPU; it takes 8-bit frames that are on the card.
 * @source NVIDIA Video Codec SDK, "Using FFmpeg with NVIDIA GPU hardware acceleration"
 */
export function nvenc(codec: Codec, features: NvencFeatures): VideoEncoder {
  return {
    name: `${codec}_nvenc`,
    codec,
    options: ({ maxrate, bufsize, segments }, { profile }) => [
      ...["-preset", presets[profile], "-tune", "hq", ...codecOptions[codec].options],
      // Constant quality under a ceiling; without a zero rate ffmpeg would aim at 2 Mbit/s.
      ...["-rc", "vbr", "-cq", codecOptions[codec].quality, "-b:v", "0"],
      ...["-maxrate", `${maxrate}`, "-bufsize", `${bufsize}`],
      // A first pass at quarter size spends the bits better; the faster profiles do without.
      ...["-multipass", profile === "quality" ? "qres" : "disabled"],
      // One distance for all: a group that was cut short by force would shift those after it.
      ...["-g", `${segments.group}`],
      // NVENC's forced keyframes are IDR frames only with this option, and only an IDR may start a segment.
      ...["-forced-idr", "1"],
      // Groups of one budget each: a segment has a ceiling in bytes.
      ...["-strict_gop", "1"],
      ...bFrames(features),
      // Looking ahead puts keyframes at scene cuts on its own, which is not allowed.
      ...(features.lookahead ? ["-rc-lookahead", "20", "-no-scenecut", "1"] : []),
      // Bits go to what stays on the screen.
      ...(features.temporalAq ? ["-temporal-aq", "1"] : []),
    ],
  };
}

/** Both are stated even when off: the defaults differ between versions of ffmpeg and between presets. */
function bFrames({ bFrames: available, bReference }: NvencFeatures): string[] {
  const reference = available && bReference ? "middle" : "disabled";
  return ["-bf", available ? "3" : "0", "-b_ref_mode", reference];
}
