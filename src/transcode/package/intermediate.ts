import type { SegmentGrid } from "../plan/segment-grid.ts";

/** What the encoder left of one track, and how it is cut. */
export type Intermediate = {
  /** Of the track, and the folder of its segments: `720p`, `audio`. */
  name: string;
  kind: "video" | "audio";
  /** Files one after the other; each begins at zero by its own clock, and belongs `start` frames after the beginning. */
  parts: readonly { file: string; start: number }[];
  /** Of the video; it makes the timescale exact. */
  framesPerSecond: number;
  segments: SegmentGrid;
  /** Packets that start later are left out: sound that outlasts the video makes loops stutter. */
  endSeconds: number;
};
