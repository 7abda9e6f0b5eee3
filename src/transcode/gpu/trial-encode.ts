import { TypedError } from "../../base/typed-error.ts";
import { type FfmpegCommand, runFfmpeg } from "../base/ffmpeg.ts";
import { GpuError } from "../base/gpu-failure.ts";

export type Trial = { works: true } | { works: false; reason: string };

const stallMs = 20_000;

/**
 * Runs a command that should take a fraction of a second.
 * @throws TypedError FFMPEG_MISSING
 * @throws the signal's reason when it is aborted
 */
export async function trial(command: FfmpegCommand, signal?: AbortSignal): Promise<Trial> {
  try {
    await runFfmpeg(command, { signal, stallMs });
    return { works: true };
  } catch (error) {
    if (!(error instanceof TypedError) || error.code === "FFMPEG_MISSING") throw error;
    if (error instanceof GpuError) return { works: false, reason: `${error.code}: ${error.message}` };
    return { works: false, reason: reasonOf(error.message) };
  }
}

/** The line of ffmpeg's log with the reason why an encoder did not open. */
function reasonOf(log: string): string {
  const lines = log.split("\n").map((line) => line.replace(/^\[[^\]]*\]\s*/, "").trim());
  const relevant =
    lines.find((line) => /unknown encoder|not supported/i.test(line)) ??
    lines.find((line) => /error|fail|not found/i.test(line));
  return (relevant ?? lines.at(-1) ?? "it failed").replace(
    /^ffmpeg failed: ffmpeg exited with code \d+: /,
    "",
  );
}

/** The encoders that need no GPU, and the kind of stream each makes. */
export const encodersTried = {
  libx264: "video",
  libx265: "video",
  libsvtav1: "video",
  aac: "audio",
} as const;

/**
 * Encodes a fraction of a second: that ffmpeg lists an encoder proves nothing (without a GPU, Debian's lists
 * h264_nvenc).
 * @throws TypedError FFMPEG_MISSING
 */
export function trialEncode(encoder: keyof typeof encodersTried, signal?: AbortSignal): Promise<Trial> {
  const video = encodersTried[encoder] === "video";
  const options = ["-map", "[out]", video ? "-c:v" : "-c:a", encoder, "-f", "null"];
  return trial(
    {
      inputOptions: ["-f", "lavfi"],
      input: video ? pattern : "sine=duration=0.3",
      filterGraph: video ? "[0:v]format=yuv420p[out]" : "[0:a]anull[out]",
      outputs: [{ options, target: "-" }],
    },
    signal,
  );
}

/** Input of a trial: a picture with movement, larger than the smallest that NVENC takes. */
export const pattern = "testsrc2=size=320x240:rate=30:duration=0.3";
