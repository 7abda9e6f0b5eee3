import { availableParallelism } from "node:os";
import { z } from "zod";
import { type Codec, codecs } from "./codec.ts";
import { ProgramSettings } from "./programs.ts";

/** H.264 is always made, and first: it is what every screen plays. */
const codecNames = z
  .string()
  .transform((text) => text.split(","))
  .pipe(
    z
      .array(z.enum(codecs), "codecs, comma-separated: h264, hevc, av1")
      .transform((chosen) => codecs.filter((codec) => codec === "h264" || chosen.includes(codec))),
  );

const wholeNumbers = z
  .string()
  .transform((text) => text.split(",").map(Number))
  .pipe(
    z
      .array(z.int().min(2).max(4320), "short sides in pixels, comma-separated, such as 1080,720,480")
      .min(1)
      .transform((steps) => [...new Set(steps)].toSorted((one, other) => other - one)),
  );

const presets = [
  "ultrafast",
  "superfast",
  "veryfast",
  "faster",
  "fast",
  "medium",
  "slow",
  "slower",
  "veryslow",
] as const;

/** How much of every finished video is decoded again: nothing, a sample, everything. */
const verifications = ["packets", "keyframes", "full"] as const;
export type Verification = (typeof verifications)[number];
export type Preset = (typeof presets)[number];
export type Profile = "fast" | "balanced" | "quality";

/** What an operator can set about transcoding; the keys are environment variables. */
export const TranscodeSettings = z.object({
  ...ProgramSettings.shape,
  /** Short sides of the renditions in pixels, comma-separated. */
  KILN_LADDER: wholeNumbers.default([1080, 720, 480, 360, 240]),
  /** What every rung of the ladder is encoded with, comma-separated. */
  KILN_CODECS: codecNames.default(["h264"]),
  KILN_MAX_FRAME_RATE: z.coerce.number().min(10).max(60).default(60),
  /** How much work an encoder puts into each bit. */
  KILN_PROFILE: z.enum(["fast", "balanced", "quality"]).default("balanced"),
  /** Preset of x264 and x265, instead of the profile's. */
  KILN_X264_PRESET: z.enum(presets).optional(),
  /** `auto`: the GPU where trials have shown that it works; `nvenc`: try it regardless. */
  KILN_ACCELERATION: z.enum(["auto", "software", "nvenc"]).default("auto"),
  /** Index or UUID, as nvidia-smi lists them; `auto`: the one with the most free memory. */
  KILN_GPU: z.string().default("auto"),
  /** Folder for the results of trials of each GPU. */
  KILN_GPU_STATE: z.string().default(".kiln/gpu"),
  /** Threads of ffmpeg's encoder; 0: all cores. */
  KILN_ENCODER_THREADS: z.coerce.number().int().min(0).max(256).default(0),
  /** Whether excerpts of each video are encoded first, to fit the ladder to it. */
  KILN_PER_TITLE: z.enum(["on", "off"]).default("off"),
  /** LUFS; the default is the loudest that EBU R 128 s2 recommends for streaming, since phones' speakers are weak. */
  KILN_LOUDNESS: z.coerce.number().min(-31).max(-9).default(-16),
  /** `short`: the first two segments are half as long, so that playback starts sooner. */
  KILN_FIRST_SEGMENTS: z.enum(["short", "full"]).default("short"),
  /** Seconds: longer videos are encoded in parts; 0: never. */
  KILN_PARTS_ABOVE: z.coerce.number().min(0).default(180),
  /** Approximate length of a part in seconds. */
  KILN_PART_SECONDS: z.coerce.number().min(1).default(60),
  /** Parts of one video that are encoded at the same time; an encoder keeps about four cores busy. */
  KILN_PARTS_AT_ONCE: z.coerce
    .number()
    .int()
    .min(1)
    .max(256)
    .default(Math.max(1, Math.floor(availableParallelism() / 4))),
  /** Folder in which finished parts wait until their video is finished, possibly by a later attempt. */
  KILN_PARTS_FOLDER: z.string().default(".kiln/parts"),
  /** Seconds without progress after which an encode is stopped. */
  KILN_STALL_SECONDS: z.coerce.number().positive().default(120),
  /** Seconds that one run of ffmpeg may take. */
  KILN_ENCODE_SECONDS: z.coerce.number().positive().default(21_600),
  /** Private memory of one ffmpeg that uses no GPU. */
  KILN_ENCODE_MEMORY_BYTES: z.coerce
    .number()
    .int()
    .min(256 * 1024 ** 2)
    .default(8 * 1024 ** 3),
  /** `packets` reads all timestamps, `keyframes` also decodes a sample, `full` decodes everything. */
  KILN_VERIFY: z.enum(verifications).default("keyframes"),
  /** Adds a single MP4 with its index first, for sharing. */
  KILN_MP4: z.enum(["on", "off"]).default("off"),
  KILN_MAX_BYTES: z.coerce
    .number()
    .int()
    .positive()
    .default(4 * 1024 ** 3),
  KILN_MAX_SECONDS: z.coerce.number().positive().default(600),
  /** Shorter videos are refused; by default a single frame is enough. */
  KILN_MIN_SECONDS: z.coerce.number().min(0).default(0),
  /** Width x height of the source; by default 8K. */
  KILN_MAX_PIXELS: z.coerce
    .number()
    .int()
    .positive()
    .default(7680 * 4320),
  /** Mean of the source; slow motion of phones has 240. */
  KILN_MAX_SOURCE_FRAME_RATE: z.coerce.number().positive().default(1000),
  KILN_MAX_STREAMS: z.coerce.number().int().positive().default(64),
});
export type TranscodeSettings = z.infer<typeof TranscodeSettings>;

/** How an accepted video is encoded. */
export type Policy = {
  /** Short sides of the renditions in pixels, largest first. */
  ladder: readonly number[];
  /** Of every rung; `h264` first. */
  codecs: readonly Codec[];
  maxFrameRate: number;
  profile: Profile;
  /** Of x264 and x265; null: the profile's. */
  preset: Preset | null;
  acceleration: "auto" | "software" | "nvenc";
  /** `auto`, an index or a UUID. */
  gpu: string;
  /** Folder. */
  gpuState: string;
  /** 0: ffmpeg decides. */
  threads: number;
  /** Whether the ladder is fitted to each video. */
  perTitle: "on" | "off";
  /** Of the sound, in LUFS. */
  loudness: number;
  /** Whether the first two segments are half as long as the others. */
  firstSegments: "short" | "full";
  /** Seconds above which a video is encoded in parts; 0: never. */
  partsAbove: number;
  partSeconds: number;
  partsAtOnce: number;
  /** Folder. */
  partsFolder: string;
  stallSeconds: number;
  /** That one ffmpeg may take. */
  encodeSeconds: number;
  memoryBytes: number;
  verification: Verification;
  /** Whether the largest rendition and the sound are also stored as one file. */
  mp4: "on" | "off";
};

/** Which videos are accepted. */
export type Limits = {
  maxBytes: number;
  maxSeconds: number;
  minSeconds: number;
  maxPixels: number;
  maxSourceFrameRate: number;
  maxStreams: number;
};

export function policyOf(settings: TranscodeSettings): Policy {
  return {
    ladder: settings.KILN_LADDER,
    codecs: settings.KILN_CODECS,
    maxFrameRate: settings.KILN_MAX_FRAME_RATE,
    profile: settings.KILN_PROFILE,
    preset: settings.KILN_X264_PRESET ?? null,
    acceleration: settings.KILN_ACCELERATION,
    gpu: settings.KILN_GPU,
    gpuState: settings.KILN_GPU_STATE,
    threads: settings.KILN_ENCODER_THREADS,
    perTitle: settings.KILN_PER_TITLE,
    loudness: settings.KILN_LOUDNESS,
    firstSegments: settings.KILN_FIRST_SEGMENTS,
    partsAbove: settings.KILN_PARTS_ABOVE,
    partSeconds: settings.KILN_PART_SECONDS,
    partsAtOnce: settings.KILN_PARTS_AT_ONCE,
    partsFolder: settings.KILN_PARTS_FOLDER,
    stallSeconds: settings.KILN_STALL_SECONDS,
    encodeSeconds: settings.KILN_ENCODE_SECONDS,
    memoryBytes: settings.KILN_ENCODE_MEMORY_BYTES,
    verification: settings.KILN_VERIFY,
    mp4: settings.KILN_MP4,
  };
}

export function limitsOf(settings: TranscodeSettings): Limits {
  return {
    maxBytes: settings.KILN_MAX_BYTES,
    maxSeconds: settings.KILN_MAX_SECONDS,
    minSeconds: settings.KILN_MIN_SECONDS,
    maxPixels: settings.KILN_MAX_PIXELS,
    maxSourceFrameRate: settings.KILN_MAX_SOURCE_FRAME_RATE,
    maxStreams: settings.KILN_MAX_STREAMS,
  };
}
