import { TypedError } from "../telemetry/typed-error.ts";
import { runFfmpeg } from "./ffmpeg.ts";

export type Trial = { works: true } | { works: false; reason: string };

/** Encoders that Kiln can use or will be asked about, and the kind of stream each makes. */
export const encodersTried = {
  libx264: "video",
  libx265: "video",
  libsvtav1: "video",
  h264_nvenc: "video",
  hevc_nvenc: "video",
  av1_nvenc: "video",
  aac: "audio",
} as const;

/**
 * Encodes a fraction of a second: that ffmpeg lists an encoder proves nothing (without a GPU, Debian's lists
 * h264_nvenc).
 * @throws TypedError FFMPEG_MISSING
 */
export async function trialEncode(encoder: keyof typeof encodersTried, signal?: AbortSignal): Promise<Trial> {
  const video = encodersTried[encoder] === "video";
  try {
    await runFfmpeg(
      {
        inputOptions: ["-f", "lavfi"],
        input: video ? "testsrc2=size=320x240:rate=30:duration=0.3" : "sine=duration=0.3",
        filterGraph: video ? "[0:v]format=yuv420p[out]" : "[0:a]anull[out]",
        outputs: [
          { options: ["-map", "[out]", video ? "-c:v" : "-c:a", encoder, "-f", "null"], target: "-" },
        ],
      },
      { signal, stallMs: 20_000 },
    );
    return { works: true };
  } catch (error) {
    if (!(error instanceof TypedError) || error.code === "FFMPEG_MISSING") throw error;
    return { works: false, reason: reasonOf(error.message) };
  }
}

/** The line of ffmpeg's log that says why an encoder did not open. */
function reasonOf(log: string): string {
  const lines = log.split("\n").map((line) => line.replace(/^\[[^\]]*\]\s*/, "").trim());
  const telling =
    lines.find((line) => /cannot load|unknown encoder|no capable devices|no nvenc/i.test(line)) ??
    lines.find((line) => /error|fail|not found/i.test(line));
  return (telling ?? lines.at(-1) ?? "it failed").replace(
    /^ffmpeg failed: ffmpeg exited with code \d+: /,
    "",
  );
}
