import type { SegmentGrid } from "../plan/segment-grid.ts";

/**
 * ffmpeg options for a software encoder that takes single keyframes by frame number: closed groups as long as a
 * segment, none at a scene cut, and the shorter ones at the beginning.
 */
export function keyframes({ segment, group, short }: SegmentGrid): string[] {
  const forced = Array.from({ length: short }, (_, index) => `eq(n,${(index + 1) * group})`);
  return [
    ...["-g", `${segment}`, "-keyint_min", `${segment}`],
    // By number, not by time: a time would have to hit the encoder's clock.
    ...(forced.length === 0 ? [] : ["-force_key_frames", `expr:${forced.join("+")}`]),
  ];
}
