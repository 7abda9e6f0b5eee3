import { availableParallelism } from "node:os";
import { z } from "zod";
import { inKilnHome } from "../../base/kiln-home.ts";
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

/** What an operator can set about transcoding. */
export const TranscodeSettings = z
  .object({
    ...ProgramSettings.shape,
    KILN_LADDER: wholeNumbers.default([1080, 720, 480, 360, 240]).meta({
      description:
        "short sides of the renditions, comma-separated; a source more than a tenth away from all of them also gets a rendition of its own size",
      unit: "pixels",
    }),
    KILN_CODECS: codecNames.default(["h264"]).meta({
      description:
        "codecs of every rendition, comma-separated: `h264`, `hevc`, `av1`; H.264 is always made, because every screen plays it",
    }),
    KILN_MAX_FRAME_RATE: z.coerce
      .number()
      .min(10)
      .max(60)
      .default(60)
      .meta({ description: "maximum frame rate of the renditions", unit: "frames per second" }),
    KILN_PROFILE: z.enum(["fast", "balanced", "quality"]).default("balanced").meta({
      description:
        "how much work an encoder puts into each bit; encoding five sizes from 1080 lines in software takes 1 GB of memory with `balanced`",
    }),
    KILN_X264_PRESET: z
      .enum(presets)
      .optional()
      .meta({ description: "preset of x264 and x265", shownDefault: "the profile's" }),
    KILN_ACCELERATION: z.enum(["auto", "software", "nvenc"]).default("auto").meta({
      description:
        "`auto`: the GPU as far as trial encodes show that it works; `nvenc`: try the GPU whatever they show",
    }),
    KILN_GPU: z.string().default("auto").meta({
      description: "index or UUID as listed by nvidia-smi; `auto`: the GPU with the most free memory",
    }),
    KILN_GPU_STATE: z
      .string()
      .default(() => inKilnHome("gpu"))
      .meta({
        description: "folder for the results of trial encodes on each GPU, and for GPUs that are set aside",
      }),
    KILN_ENCODER_THREADS: z.coerce
      .number()
      .int()
      .min(0)
      .max(256)
      .default(0)
      .meta({ description: "threads of ffmpeg's encoder; 0: all cores" }),
    KILN_PER_TITLE: z.enum(["on", "off"]).default("off").meta({
      description:
        "`on`: excerpts of each video are encoded first, bitrate limits are fitted to it and renditions that add nothing are left out; on a 15 s clip this costs about a tenth more CPU",
    }),
    KILN_FIRST_SEGMENTS: z.enum(["short", "full"]).default("short").meta({
      description:
        "`short`: the first two segments last 1 s instead of 2 s, so that playback starts sooner; `full`: all segments are alike, as always with AV1 (SVT-AV1 takes no single keyframes; short groups throughout took 1.35 times the bits). NVENC repeats the short distance throughout; what that costs has not been measured",
    }),
    KILN_PARTS_ABOVE: z.coerce.number().min(0).default(180).meta({
      description:
        "longer videos are encoded in parts and joined; 0: none are. Never with `--progressive`, and never where a clock may restart (MPEG-TS, MPEG-PS, Ogg)",
      unit: "seconds",
    }),
    KILN_PART_SECONDS: z.coerce
      .number()
      .min(1)
      .default(60)
      .meta({ description: "approximate length of a part", unit: "seconds" }),
    KILN_PARTS_AT_ONCE: z.coerce
      .number()
      .int()
      .min(1)
      .max(256)
      .default(Math.max(1, Math.floor(availableParallelism() / 4)))
      .meta({
        description: "parts of one video that are encoded at a time; an encoder keeps about four cores busy",
        shownDefault: "one for every four cores",
      }),
    KILN_PARTS_FOLDER: z
      .string()
      .default(() => inKilnHome("parts"))
      .meta({
        description:
          "folder that keeps finished parts until their video is finished: a later attempt uses them, and after a week they are deleted",
      }),
    KILN_LOUDNESS: z.coerce.number().min(-31).max(-9).default(-16).meta({
      description:
        "loudness to which sound is brought (by at most +12 dB, with peaks below -1 dBTP); the default is the loudest that EBU R 128 s2 allows for streaming, because phones have weak speakers",
      unit: "LUFS",
    }),
    KILN_STALL_SECONDS: z.coerce
      .number()
      .positive()
      .default(120)
      .meta({ description: "time without progress after which an encode is stopped", unit: "seconds" }),
    KILN_ENCODE_SECONDS: z.coerce
      .number()
      .positive()
      .default(21_600)
      .meta({ description: "time after which one run of ffmpeg is stopped", unit: "seconds" }),
    KILN_ENCODE_MEMORY_BYTES: z.coerce
      .number()
      .int()
      .min(256 * 1024 ** 2)
      .default(8 * 1024 ** 3)
      .meta({
        description: "private memory above which an ffmpeg that uses no GPU is stopped",
        unit: "bytes",
      }),
    KILN_VERIFY: z.enum(verifications).default("keyframes").meta({
      description:
        "`packets`: every file and timestamp of the output is read; `keyframes`: all keyframes, one rendition and the sound are decoded, too; `full`: everything is decoded",
    }),
    KILN_PROBE_SECONDS: z.coerce.number().positive().max(86_400).default(60).meta({
      description: "time for ffprobe to read a video, and for each step that reads what was decoded from it",
      unit: "seconds",
    }),
    KILN_PROBE_MEMORY_BYTES: z.coerce
      .number()
      .int()
      .min(256 * 1024 ** 2)
      .default(1024 ** 3)
      .meta({ description: "memory of a process that reads a video", unit: "bytes" }),
    KILN_SECOND_OPINION_SECONDS: z.coerce.number().positive().max(86_400).default(20).meta({
      description:
        "time for the second reader of a video; when it is late, what ffprobe found stands, and the manifest says so",
      unit: "seconds",
    }),
    KILN_MP4: z.enum(["on", "off"]).default("off").meta({
      description: "`on` adds one MP4 of the largest rendition with its index first, for sharing (`--mp4`)",
    }),
    KILN_MAX_BYTES: z.coerce
      .number()
      .int()
      .positive()
      .default(4 * 1024 ** 3)
      .meta({ description: "size above which a video is refused", unit: "bytes" }),
    KILN_MAX_SECONDS: z.coerce
      .number()
      .positive()
      .default(600)
      .meta({ description: "duration above which a video is refused", unit: "seconds" }),
    KILN_MIN_SECONDS: z.coerce.number().min(0).default(0).meta({
      description: "duration below which a video is refused; at 0 a single frame is a video",
      unit: "seconds",
    }),
    KILN_MAX_PIXELS: z.coerce
      .number()
      .int()
      .positive()
      .default(7680 * 4320)
      .meta({
        description: "width times height above which a video is refused; the default is 8K",
        unit: "pixels",
      }),
    KILN_MAX_SOURCE_FRAME_RATE: z.coerce.number().positive().default(1000).meta({
      description: "mean frame rate above which a video is refused; slow motion of phones has 240",
      unit: "frames per second",
    }),
    KILN_MAX_STREAMS: z.coerce
      .number()
      .int()
      .positive()
      .default(64)
      .meta({ description: "number of streams of any kind above which a video is refused" }),
  })
  .meta({ title: "Transcoding" });
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
  /** Folder of the tables for HDR. */
  toneMaps: string;
  stallSeconds: number;
  /** That one ffmpeg may take. */
  encodeSeconds: number;
  memoryBytes: number;
  /** What reading a file, or what was decoded from it, may take. */
  reading: { seconds: number; secondOpinionSeconds: number; memoryBytes: number };
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
  /** Whether the video that a phone kept inside a photo (HEIC) is taken. */
  motionPhotos: "refused" | "accepted";
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
    toneMaps: inKilnHome("tone-maps"),
    stallSeconds: settings.KILN_STALL_SECONDS,
    encodeSeconds: settings.KILN_ENCODE_SECONDS,
    memoryBytes: settings.KILN_ENCODE_MEMORY_BYTES,
    reading: readingOf(settings),
    verification: settings.KILN_VERIFY,
    mp4: settings.KILN_MP4,
  };
}

export const readingOf = (settings: TranscodeSettings): Policy["reading"] => ({
  seconds: settings.KILN_PROBE_SECONDS,
  secondOpinionSeconds: settings.KILN_SECOND_OPINION_SECONDS,
  memoryBytes: settings.KILN_PROBE_MEMORY_BYTES,
});

export function limitsOf(settings: TranscodeSettings): Limits {
  return {
    maxBytes: settings.KILN_MAX_BYTES,
    maxSeconds: settings.KILN_MAX_SECONDS,
    minSeconds: settings.KILN_MIN_SECONDS,
    maxPixels: settings.KILN_MAX_PIXELS,
    maxSourceFrameRate: settings.KILN_MAX_SOURCE_FRAME_RATE,
    maxStreams: settings.KILN_MAX_STREAMS,
    motionPhotos: "refused",
  };
}
