import { type Level, peakCeiling } from "./loudness.ts";

/**
 * Filters that mix any sound to stereo at 48 kHz, in step with the file's clock: a late start is padded, holes are
 * filled. In floating point, so that a gain cannot clip.
 */
export const mixed = [
  "aresample=48000:async=1:first_pts=0",
  "aformat=sample_fmts=fltp:channel_layouts=stereo",
];

/** Sound is mixed, brought to its level, and ends with the video, so that a loop does not stutter. */
export function soundFilters(level: Level, endSeconds: number): string {
  const end = endSeconds.toFixed(6);
  return [...mixed, ...levelFilters(level), `apad=whole_dur=${end}`, `atrim=end=${end}`].join(",");
}

function levelFilters({ decibels, peaks }: Level): string[] {
  return [
    ...(decibels === 0 ? [] : [`volume=${decibels}dB`]),
    // Between samples a peak can be higher than both: at four times the rate the samples are close enough.
    ...(peaks === "as they are"
      ? []
      : [
          "aresample=192000",
          `alimiter=level=disabled:limit=${ceiling}:attack=5:release=50:latency=1`,
          "aresample=48000",
        ]),
  ];
}

const ceiling = (10 ** (peakCeiling / 20)).toFixed(4);
