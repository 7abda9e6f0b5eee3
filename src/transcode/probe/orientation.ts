import type { FfprobeSideData } from "./ffprobe-report.ts";

export type QuarterTurn = 0 | 90 | 180 | 270;

/** How the picture is turned for the screen. */
export type Orientation = {
  /** Degrees clockwise. */
  rotation: QuarterTurn;
  /** Whether it is mirrored as well. */
  mirrored: boolean;
};

/** Reads a stream's display matrix. Pure. */
export function orientation(sideData: readonly FfprobeSideData[]): Orientation {
  const turned = sideData.find(({ rotation }) => rotation !== undefined);
  // Of a matrix of zeros ffprobe prints the smallest 64-bit integer.
  const rotation = Math.abs(turned?.rotation ?? 0) > 360 ? 0 : (turned?.rotation ?? 0);
  return { rotation: clockwise(rotation), mirrored: determinant(turned?.displaymatrix ?? "") < 0 };
}

/** ffprobe counts anticlockwise and to either side; only quarter turns are kept. */
function clockwise(rotation: number): QuarterTurn {
  return ((((Math.round(-rotation / 90) * 90) % 360) + 360) % 360) as QuarterTurn;
}

/** Of the matrix's upper left [a b; c d] (ISO/IEC 14496-12, 8.3.2): negative when it changes left and right. */
function determinant(matrix: string): number {
  const [[a = 0, b = 0] = [], [c = 0, d = 0] = []] = matrix
    .trim()
    .split("\n")
    .map((row) => row.replace(/^\S+:/, "").trim().split(/\s+/).map(Number));
  return a * d - b * c;
}
