import type { Codec } from "../base/codec.ts";
import type { Policy } from "../base/settings.ts";
import type { SegmentGrid } from "../plan/segment-grid.ts";

/** What an encoder is asked for one rendition; rates in bits per second. */
export type RenditionRequest = {
  /** Ceiling of the average. */
  maxrate: number;
  /** Bits that the rate may run ahead. */
  bufsize: number;
  /** Where keyframes belong, in all renditions alike; groups of pictures are closed (the command says so). */
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
