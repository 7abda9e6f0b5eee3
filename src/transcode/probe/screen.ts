import { RejectionError } from "../base/rejection.ts";
import type { Limits } from "../base/settings.ts";
import type { Probe } from "./probe.ts";
import { shownSeconds, type VideoStream } from "./streams.ts";

/** A probe whose video is worth encoding. */
export type Source = Probe & { video: VideoStream };

/** Sample entries that older releases of ffmpeg do not know, and what decodes them. */
const decoders: Readonly<Record<string, string>> = {
  dav1: "AV1 in Dolby Vision: it takes an ffmpeg that knows `dav1`, with the decoder libdav1d",
  dvav: "H.264 in Dolby Vision: it takes an ffmpeg that knows `dvav`, with the decoder h264",
  dvh1: "HEVC in Dolby Vision: it takes an ffmpeg that knows `dvh1`, with the decoder hevc",
};

const unknownCodec = (tag: string): string | undefined =>
  decoders[tag] ?? (/^[\x20-\x7e]{4}$/.test(tag) ? `the file calls it ${JSON.stringify(tag)}` : undefined);

/**
 * Takes a source or refuses it, before anything is decoded.
 * @throws RejectionError NO_VIDEO_STREAM, TRUNCATED, NO_FRAMES, UNSUPPORTED_CODEC, TOO_LARGE, TOO_MANY_STREAMS,
 *   TOO_FAST, TOO_LONG, TOO_SHORT
 */
export function screen(probe: Probe, limits: Limits): Source {
  const { video, bytes, missingBytes } = probe;
  if (bytes > limits.maxBytes)
    throw new RejectionError("TOO_LARGE", `${bytes} bytes, at most ${limits.maxBytes} are taken`);
  if (video === null) throw new RejectionError("NO_VIDEO_STREAM");
  if (missingBytes > 0) throw new RejectionError("TRUNCATED", `${missingBytes} bytes are missing`);
  if (video.timing.packets === 0 || video.width === 0 || video.height === 0)
    throw new RejectionError("NO_FRAMES");
  if (probe.streamCount > limits.maxStreams)
    throw new RejectionError(
      "TOO_MANY_STREAMS",
      `${probe.streamCount} streams, at most ${limits.maxStreams} are taken`,
    );
  if (video.codec === "unknown") throw new RejectionError("UNSUPPORTED_CODEC", unknownCodec(video.tag));
  if (video.needsDolbyVision)
    throw new RejectionError("UNSUPPORTED_CODEC", "Dolby Vision without a compatible base layer");
  const pixels = video.width * video.height;
  if (pixels > limits.maxPixels)
    throw new RejectionError(
      "TOO_LARGE",
      `${video.width}x${video.height} pixels, at most ${limits.maxPixels} are taken`,
    );
  // The mean: a few frames that follow each other closely are a fault of the clock.
  const { packets, duration } = video.timing;
  const frameRate = duration > 0 ? packets / duration : 0;
  if (frameRate > limits.maxSourceFrameRate)
    throw new RejectionError(
      "TOO_FAST",
      `${frameRate.toFixed(1)} frames a second, at most ${limits.maxSourceFrameRate} are taken`,
    );
  const seconds = shownSeconds({ video, audio: probe.audio });
  if (seconds > limits.maxSeconds)
    throw new RejectionError("TOO_LONG", `${seconds.toFixed(1)} s, at most ${limits.maxSeconds} are taken`);
  if (seconds < limits.minSeconds)
    throw new RejectionError(
      "TOO_SHORT",
      `${seconds.toFixed(2)} s, at least ${limits.minSeconds} are needed`,
    );
  return { ...probe, video };
}
