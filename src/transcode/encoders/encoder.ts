import type { Codec } from "../base/codec.ts";
import type { Policy, Preset } from "../base/settings.ts";
import type { SegmentGrid } from "../plan/segment-grid.ts";

/** What one rendition requires of an encoder; rates in bits per second. */
export type RenditionRequest = {
  /** Ceiling of the average. */
  maxrate: number;
  /** Bits that the rate may run ahead. */
  bufsize: number;
  /** Where keyframes belong, in all renditions alike; groups of pictures are closed (the command sets that). */
  segments: SegmentGrid;
};

/** A video encoder of ffmpeg: a GPU's differs from software by these few lines. */
export type VideoEncoder = {
  /** ffmpeg's name: `libx264`. */
  name: string;
  codec: Codec;
  /** ffmpeg options after `-c:v`. */
  options: (request: RenditionRequest, policy: Pick<Policy, "profile" | "preset" | "threads">) => string[];
};

const presetOfProfile = { fast: "superfast", balanced: "veryfast", quality: "medium" } as const;

/** x264 and x265 share the names of their presets; one that the operator sets overrides the profile's. */
export const presetOf = ({ preset, profile }: Pick<Policy, "preset" | "profile">): Preset =>
  preset ?? presetOfProfile[profile];
