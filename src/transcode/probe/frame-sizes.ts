import { z } from "zod";
import { fileUrl, hardened, runFfprobe } from "../base/ffmpeg.ts";
import type { ReadingOptions } from "../base/reading.ts";
import type { Container } from "./container.ts";
import type { VideoStream } from "./streams.ts";

type Size = Pick<VideoStream, "width" | "height">;

/** Codecs whose size can change at a keyframe. */
const codecs = new Set(["h264", "hevc", "vp8", "vp9", "av1"]);
/** Sample entries of MP4 that leave parameter sets, and so the size, to the stream. */
const inBand = new Set(["avc3", "hev1", "vp08", "vp09"]);

const Report = z.object({
  frames: z
    .array(
      z.object({
        best_effort_timestamp_time: z.coerce.number().optional(),
        width: z.int().default(0),
        height: z.int().default(0),
      }),
    )
    .default([]),
});

/**
 * Finds out by its keyframes whether a stream changes its size, as a browser's recording does when the phone is turned,
 * and takes the size that is shown longest. MP4s of cameras state one size for all frames and are not decoded.
 */
export async function withFrameSizes(
  path: string,
  { demuxer }: Container,
  video: VideoStream,
  reading: ReadingOptions,
): Promise<VideoStream> {
  if (!codecs.has(video.codec) || (demuxer === "mov" && !inBand.has(video.tag))) return video;
  const words = ["-skip_frame", "nokey", "-select_streams", `${video.index}`];
  const entries = ["-show_entries", "frame=best_effort_timestamp_time,width,height", "-of", "json"];
  const printed = await runFfprobe([...hardened(demuxer), ...words, ...entries, "-i", fileUrl(path)], {
    ...reading,
  });
  const { frames } = Report.parse(JSON.parse(printed));
  const size = longest(
    frames.map(({ best_effort_timestamp_time: time, ...rest }) => ({ time: time ?? 0, ...rest })),
    video,
  );
  return size === null ? video : { ...video, ...size, frameSize: "changing" };
}

/**
 * The size that is shown longest; null when there is only one. Pure.
 * @param keyframes in order; times in seconds
 */
export function longest(
  keyframes: readonly (Size & { time: number })[],
  { timing, start }: Pick<VideoStream, "timing" | "start">,
): Size | null {
  const known = keyframes.filter(({ width, height }) => width > 0 && height > 0);
  const shown = new Map<string, { size: Size; seconds: number }>();
  const end = Math.max(start + timing.duration, ...known.map(({ time }) => time));
  for (const [index, { time, width, height }] of known.entries()) {
    const key = `${width}x${height}`;
    const seconds = Math.max(0, (known[index + 1]?.time ?? end) - time);
    const before = shown.get(key)?.seconds ?? 0;
    shown.set(key, { size: { width, height }, seconds: before + seconds });
  }
  if (shown.size < 2) return null;
  return [...shown.values()].toSorted((one, other) => other.seconds - one.seconds)[0]!.size;
}
