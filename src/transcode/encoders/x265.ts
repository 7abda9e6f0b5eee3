import { presetOf, type VideoEncoder } from "./encoder.ts";
import { keyframes } from "./keyframes.ts";

/** HEVC in software: .45 to .78 of the bits of H.264 at the same SSIM, for several times the work. */
export const x265: VideoEncoder = {
  name: "libx265",
  codec: "hevc",
  options: ({ maxrate, bufsize, segments }, policy) => [
    ...["-preset", presetOf(policy), "-profile:v", "main"],
    // x265's scale is about three steps off x264's at equal quality.
    ...["-crf", "26", "-maxrate", `${maxrate}`, "-bufsize", `${bufsize}`],
    ...keyframes(segments),
    // Only an IDR may start a segment.
    ...["-forced-idr", "1"],
    ...["-x265-params", parameters(policy.threads)],
    // Apple plays HEVC only with the parameter sets in the sample description.
    ...["-tag:v", "hvc1"],
  ],
};

/** No keyframe at a scene cut, none that is open; no message in the stream that names version and settings. */
function parameters(threads: number): string {
  const pool = threads === 0 ? [] : [`pools=${threads}`];
  return ["scenecut=0", "open-gop=0", "info=0", "log-level=error", ...pool].join(":");
}
