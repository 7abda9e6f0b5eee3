import type { VideoStream } from "./streams.ts";

/** Allowed difference of two readers: the last frames of an edit list, or a frame without a stated length. */
const allowed = { seconds: 0.25, share: 0.05 };

/**
 * Whether ffprobe and mediabunny agree on how long a stream lasts, each by the packets that it finds, whatever the
 * container declares. Where they disagree, ffprobe's packets count, since ffmpeg will decode these, and the
 * disagreement is reported; `judge` judges what then fails to come out of the decoder.
 * @returns null where mediabunny does not read the file
 */
export function durationsAgree({
  timing,
  otherDuration,
}: Pick<VideoStream, "timing" | "otherDuration">): boolean | null {
  if (otherDuration === null) return null;
  const difference = Math.abs(timing.duration - otherDuration);
  return difference <= Math.max(allowed.seconds, allowed.share * timing.duration);
}
