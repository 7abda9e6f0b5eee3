import type { Codec } from "../codec.ts";
import type { Policy } from "../settings.ts";

/** What an encoder is asked for one rendition; rates in bits per second. */
export type RenditionRequest = {
  /** Ceiling of the average. */
  maxrate: number;
  /** Bits that the rate may run ahead. */
  bufsize: number;
  /** Frames of a group of pictures (closed: the command says so); every rendition starts its groups at the same frames. */
  gop: number;
};

/** A video encoder of ffmpeg: a GPU's differs from software by these few lines. */
export type VideoEncoder = {
  /** ffmpeg's name: `libx264`. */
  name: string;
  codec: Codec;
  /** ffmpeg options after `-c:v`. */
  options: (request: RenditionRequest, policy: Pick<Policy, "profile" | "preset" | "threads">) => string[];
};
