import type { VideoStream } from "./streams.ts";

/** What two readers may differ by: the last frames of an edit list, or a frame whose length nobody states. */
const allowed = { seconds: 0.25, share: 0.05 };

/**
 * Whether ffprobe and mediabunny, each by the packets that it finds, agree on how long a stream lasts. What the
 * container declares is asked by neither. Where they do not agree ffprobe's packets count, since ffmpeg will decode
 * these, and the disagreement is said; what then fails to come out of the decoder is judged by `judge`.
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
