import type { VideoEncoder } from "./encoder.ts";

/** H.264 in software: plays everywhere, and runs on every machine. */
export const x264: VideoEncoder = {
  name: "libx264",
  path: "software",
  options: ({ maxrate, bufsize, gop }, { preset, threads }) => [
    ...["-preset", preset, "-threads", `${threads}`, "-profile:v", preset === "ultrafast" ? "main" : "high"],
    // Constant quality under a ceiling: easy content takes fewer bits, hard content cannot burst a segment.
    ...["-crf", "23", "-maxrate", `${maxrate}`, "-bufsize", `${bufsize}`],
    // A keyframe every `gop` frames and nowhere else, so that all renditions can be switched at all of them.
    ...["-g", `${gop}`, "-keyint_min", `${gop}`, "-sc_threshold", "0"],
  ],
};
