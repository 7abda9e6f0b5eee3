import type { VideoEncoder } from "./encoder.ts";

/** SVT-AV1 counts from 13, the fastest, down; below 7 no short video is worth the wait. */
const presets = { fast: 12, balanced: 10, quality: 7 } as const;

/** AV1 in software: .41 (easy) to .96 (hard content) of the bits of H.264 at the same SSIM, at the preset `balanced`. */
export const svtav1: VideoEncoder = {
  name: "libsvtav1",
  codec: "av1",
  options: ({ maxrate, bufsize, segments }, { profile, threads }) => [
    ...["-preset", `${presets[profile]}`],
    // Of 63: capped constant quality, which SVT-AV1 has from 1.1 on.
    ...["-crf", "35", "-maxrate", `${maxrate}`, "-bufsize", `${bufsize}`],
    // It does not heed single keyframes, so it repeats the smallest distance.
    ...["-g", `${segments.group}`],
    // No keyframe at a scene cut; `lp` is its word for threads, 0 for all.
    ...["-svtav1-params", `scd=0:lp=${threads}`],
  ],
};
