import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { Analysis } from "../analysis/analysis.ts";
import { TypedError } from "../base/typed-error.ts";
import { issuesOf } from "../base/zod-issues.ts";
import { codecs } from "./base/codec.ts";
import { StoredFile } from "./base/stored-file.ts";
import { Damage } from "./encode/judge.ts";
import { pathNames } from "./gpu/encode-path.ts";
import { Pictures } from "./pictures/pictures.ts";

const Pixels = z.int().positive();
const BitsPerSecond = z.int().positive();

const Rendition = z.object({
  /** By short side: `720p`. */
  name: z.string(),
  width: Pixels,
  height: Pixels,
  /** RFC 6381. */
  codecs: z.string(),
  /** Peak of a segment, and average. */
  bandwidth: BitsPerSecond,
  averageBandwidth: BitsPerSecond,
  /** Of all its segments. */
  bytes: z.int().positive(),
  frames: z.int().positive(),
  playlist: z.string(),
});

/** What `transcode` made: manifest.json, written last. Paths are relative to its folder. */
export const Manifest = z.object({
  version: z.literal(1),
  source: z.object({
    bytes: z.int().positive(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    container: z.string(),
    codec: z.string(),
    /** As shown: turned, pixels square. */
    width: Pixels,
    height: Pixels,
    rotation: z.int(),
    duration: z.number().positive(),
    /** Seconds by a second reader; null where it does not read the file. */
    otherDuration: z.number().nullable(),
    /** Why the second reader gave no duration; null when it did. */
    secondOpinionMissing: z.string().nullable().default(null),
    frames: z.int().positive(),
    range: z.enum(["sdr", "wide", "hdr"]),
    audioCodec: z.string().nullable(),
    /** Codecs of its sound when none of it can be decoded: the video is silent, but its source is not. */
    undecodableSound: z.array(z.string()).default([]),
    /** Codecs of its captions that could not be kept: pictures, CEA-708 without 608. */
    lostCaptions: z.array(z.string()).default([]),
    /** What was lost; null when nothing was. */
    damage: Damage.nullable(),
  }),
  /** Seconds, of every rendition. */
  duration: z.number().positive(),
  frameRate: z.object({ numerator: z.int().positive(), denominator: z.int().positive() }),
  /** Frames in each of the first segments, and in each of the others. */
  segments: z.object({ first: z.array(z.int().positive()), others: z.int().positive() }),
  /** Largest first. */
  renditions: z.array(Rendition).min(1),
  audio: z
    .object({
      codecs: z.string(),
      bandwidth: BitsPerSecond,
      averageBandwidth: BitsPerSecond,
      bytes: z.int().positive(),
      playlist: z.string(),
    })
    .nullable(),
  /** Captions and subtitles as WebVTT. */
  captions: z
    .array(
      z.object({
        /** Unique: `en`, `en-2`. */
        name: z.string(),
        /** BCP 47; `und` where it is not known. */
        language: z.string(),
        /** For people: `English`. */
        label: z.string(),
        path: z.string(),
        playlist: z.string(),
      }),
    )
    .default([]),
  hls: z.string(),
  dash: z.string(),
  /** The largest H.264 rendition and the sound in one file, when the policy requests it. */
  mp4: z.object({ path: z.string(), width: Pixels, height: Pixels, bytes: z.int().positive() }).nullable(),
  ...Pictures.shape,
  /** Null when no analysis was made: then it must not become public, unless moderation is off. */
  analysis: Analysis.nullable().default(null),
  encoder: z.object({
    /** ffmpeg's names, joined by + where there are several. */
    name: z.string(),
    /** On which side frames were decoded and encoded. */
    path: z.enum(pathNames),
    /** The better paths, and why the encode did not take them; with a codec: not for that one. */
    fallbacks: z.array(
      z.object({ from: z.enum(pathNames), reason: z.string(), codec: z.enum(codecs).optional() }),
    ),
  }),
  /** Every file of the folder except manifest.json, by path. */
  files: z.array(StoredFile),
});
export type Manifest = z.infer<typeof Manifest>;

export const manifestName = "manifest.json";

/**
 * Reads the manifest of a folder that `transcode` wrote.
 * @throws TypedError NO_MANIFEST when the folder holds none, or none of ours
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, manifestName);
  try {
    return Manifest.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    const message = `${path} is not a manifest that this version of kiln transcode wrote (${reason(cause)})`;
    throw new TypedError("NO_MANIFEST", `${message}: transcode the video again`, { cause });
  }
}

function reason(cause: unknown): string {
  if (cause instanceof z.ZodError) return issuesOf(cause);
  return cause instanceof Error ? cause.message : String(cause);
}
