import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { programOf } from "../../src/transcode/base/programs.ts";

const run = promisify(execFile);

/** A frame as a square of `side` x `side` patches, row by row: red, green and blue of each, 0 to 1. */
export type SmallFrame = { side: number; patches: [red: number, green: number, blue: number][] };

/** Of what ffmpeg brings to R'G'B', in the source's own transfer and primaries. */
const fineSide = 96;

/**
 * Decodes some frames of a file without turning them, as R'G'B' by another library (zimg) than the product
 * is converted with.
 * @param first how many frames before them are left out
 * @param matrix zimg's name of the coded matrix: `709`, `170m`, `470bg`, `2020_ncl`
 */
export async function fineFrames(
  input: readonly string[],
  {
    stream,
    matrix,
    range,
    frames,
    first = 0,
  }: { stream: number; matrix: string; range: "limited" | "full"; frames: number; first?: number },
): Promise<SmallFrame[]> {
  // zimg takes no odd sides with halved chroma.
  const whole = { limited: "yuv444p", full: "yuvj444p" }[range].concat(matrix === "2020_ncl" ? "10le" : "");
  const rgb = `zscale=w=${fineSide}:h=${fineSide}:f=bilinear:min=${matrix}:rin=${range}:m=gbr:r=full`;
  const { stdout } = await run(
    programOf("ffmpeg"),
    [
      ...[
        "-nostdin",
        "-v",
        "quiet",
        "-noautorotate",
        ...input,
        "-map",
        `0:${stream}`,
        "-frames:v",
        `${frames}`,
      ],
      ...[
        "-vf",
        `trim=start_frame=${first},format=${whole},${rgb},format=gbrp16le,format=rgb48le`,
        "-fps_mode",
        "passthrough",
      ],
      ...["-f", "rawvideo", "-"],
    ],
    { encoding: "buffer", maxBuffer: 2 ** 28 },
  );
  const values = new Uint16Array(stdout.buffer, stdout.byteOffset, stdout.length >> 1);
  const perFrame = fineSide * fineSide * 3;
  return Array.from({ length: values.length / perFrame }, (_, frame) => ({
    side: fineSide,
    patches: Array.from({ length: fineSide * fineSide }, (_, at) => {
      const [r = 0, g = 0, b = 0] = values.subarray(frame * perFrame + at * 3, frame * perFrame + at * 3 + 3);
      return [r / 65535, g / 65535, b / 65535];
    }),
  }));
}

/** Means of 4 x 4 patches. */
export function coarse({ side, patches }: SmallFrame): SmallFrame {
  const small = side / 4;
  return {
    side: small,
    patches: Array.from({ length: small * small }, (_, at) => {
      const [row, column] = [Math.floor(at / small) * 4, (at % small) * 4];
      const block = Array.from(
        { length: 16 },
        (_, inner) => patches[(row + (inner >> 2)) * side + column + (inner & 3)]!,
      );
      const mean = (channel: 0 | 1 | 2) => block.reduce((sum, patch) => sum + patch[channel], 0) / 16;
      return [mean(0), mean(1), mean(2)];
    }),
  };
}

/** Where a patch of the upright picture lies in the stored one: `n` is the last row and column. */
export const turns = {
  none: (row: number, column: number, _: number) => [row, column],
  right: (row: number, column: number, n: number) => [n - column, row],
  left: (row: number, column: number, n: number) => [column, n - row],
  over: (row: number, column: number, n: number) => [n - row, n - column],
  "left and right swapped": (row: number, column: number, n: number) => [row, n - column],
  "top and bottom swapped": (row: number, column: number, n: number) => [n - row, column],
  transposed: (row: number, column: number, _: number) => [column, row],
  "transposed the other way": (row: number, column: number, n: number) => [n - column, n - row],
} as const satisfies Record<string, (row: number, column: number, n: number) => [number, number]>;
export type Turn = keyof typeof turns;

export function turned({ side, patches }: SmallFrame, turn: Turn): SmallFrame {
  return {
    side,
    patches: patches.map((_, at) => {
      const [row, column] = turns[turn](Math.floor(at / side), at % side, side - 1);
      return patches[row * side + column]!;
    }),
  };
}

/** Mean difference of a channel, in levels of 8 bits. */
export function distance(one: SmallFrame, other: SmallFrame): number {
  const sum = one.patches.reduce(
    (total, patch, at) =>
      total + patch.reduce((all, value, channel) => all + Math.abs(value - other.patches[at]![channel]!), 0),
    0,
  );
  return (255 * sum) / (3 * one.patches.length);
}

/** Which candidate, turned how, is most like a frame, how far off that is, and the best of the other turns. */
export function nearest(frame: SmallFrame, candidates: readonly SmallFrame[]) {
  const all = candidates.flatMap((candidate, index) =>
    (Object.keys(turns) as Turn[]).map((turn) => ({
      index,
      turn,
      off: distance(frame, turned(candidate, turn)),
    })),
  );
  const best = all.toSorted((one, other) => one.off - other.off)[0]!;
  const otherwise = Math.min(...all.filter(({ turn }) => turn !== best.turn).map(({ off }) => off));
  return { ...best, otherwise };
}
