import { type FfmpegCommand, fileUrl, hardened, runFfmpeg } from "../base/ffmpeg.ts";
import { RejectionError } from "../base/rejection.ts";
import { type RunPolicy, softwareBounds } from "../base/resource-limits.ts";
import { colorFilters } from "./color.ts";
import { excerpts } from "./excerpts.ts";
import { fraction, perSecond } from "./frame-rate.ts";
import { fit, type Size } from "./ladder.ts";
import type { Difficulty } from "./per-title.ts";
import type { EncodePlan } from "./plan.ts";

/** Short side of the larger sample; the smaller one is half as large. */
const sampleSide = 480;
/** Rungs that are compared with the largest, and frames a second that are compared. */
const compared = 2;
const comparedRate = 3;

/**
 * Encodes a few excerpts of a clip at two small sizes, at a constant quality, and compares the largest rung with
 * the next ones.
 * @param plan with the standard ladder
 * @returns null when the excerpts hold nothing: damage, or a clock in which ffmpeg cannot seek
 * @throws TypedError as `runFfmpeg`
 */
export async function sampleDifficulty(
  plan: EncodePlan,
  { signal, ...policy }: RunPolicy & { signal?: AbortSignal | undefined },
): Promise<Difficulty | null> {
  const log: string[] = [];
  const onLog = (line: string) => log.push(line);
  try {
    await runFfmpeg(sampleCommand(plan), { signal, ...softwareBounds(policy), onLog });
  } catch (error) {
    // The encode itself judges damage, by all frames.
    if (error instanceof RejectionError && error.code === "CORRUPT") return null;
    throw error;
  }
  return difficultyOf(plan, log);
}

/** Small and smaller, even. */
function sampleSizes({ renditions: [top] }: EncodePlan): [small: Size, large: Size] {
  const large = fit(top!, Math.min(1, sampleSide / Math.min(top!.width, top!.height)));
  return [fit(large, 0.5), large];
}

/** The command, every excerpt an input of its own: only they are decoded. */
export function sampleCommand(plan: EncodePlan): FfmpegCommand {
  const { input, video, frameRate, segments, renditions } = plan;
  const [top, ...below] = renditions;
  const [small, large] = sampleSizes(plan);
  const rate = perSecond(frameRate);
  const parts = excerpts(plan.frames, segments.segment, rate);
  const url = fileUrl(input.path);
  const open = ({ start }: { start: number }) => [
    ...["-max_error_rate", "1", "-reinit_filter:v", "0"],
    ...(start === 0 ? [] : ["-ss", start.toFixed(3)]),
    ...hardened(input.demuxer),
  ];
  const last = parts.at(-1)!;
  const others = below.slice(0, compared);
  const chains = [
    ...parts.map(({ frames }, index) => {
      const steady = [`fps=${fraction(frameRate)}`, `trim=end_frame=${frames}`, "setpts=PTS-STARTPTS"];
      const deinterlaced = video.deinterlace === "no" ? [] : ["bwdif=mode=send_frame:deint=interlaced"];
      return `[${index}:${video.stream}]${[...deinterlaced, ...steady].join(",")}[part${index}]`;
    }),
    `${parts.map((_, index) => `[part${index}]`).join("")}concat=n=${parts.length},split=2[coded][seen]`,
    `[coded]${colorFilters(video.conversion, large, video.frameSize).join(",")},split=2[large][s]`,
    `[s]${scale(small)}[small]`,
    ...comparison(top!, others),
  ];
  return {
    inputOptions: [...parts.slice(0, -1).flatMap((part) => [...open(part), "-i", url]), ...open(last)],
    input: url,
    filterGraph: chains.join(";"),
    outputs: [sampleOutput("small", segments.segment), sampleOutput("large", segments.segment)],
  };
}

const scale = ({ width, height }: Size) => `scale=${width}:${height}:flags=bicubic`;

/** Each lower rung is scaled down and up again and held beside the largest. */
function comparison(top: Size, others: readonly Size[]): string[] {
  if (others.length === 0) return ["[seen]nullsink"];
  const label = (kind: string) => others.map((_, index) => `[${kind}${index}]`).join("");
  return [
    `[seen]fps=${comparedRate},${scale(top)},setsar=1,format=gray,split=${2 * others.length}${label("top")}${label("down")}`,
    ...others.map(
      (size, index) =>
        `[down${index}]${scale(size)},${scale(top)},setsar=1[up${index}];[up${index}][top${index}]ssim,nullsink`,
    ),
  ];
}

/** The quality and the preset of the software encoder's default: what is measured is the clip. */
const sampleOutput = (name: string, gop: number) => ({
  options: [
    ...["-map", `[${name}]`, "-c:v", "libx264", "-preset", "veryfast", "-crf", "23"],
    ...[
      "-g",
      `${gop}`,
      "-keyint_min",
      `${gop}`,
      "-sc_threshold",
      "0",
      "-fps_mode",
      "passthrough",
      "-f",
      "null",
    ],
  ],
  target: "-",
});

/** Reads what ffmpeg logs: bytes of both outputs, and a line of ssim for each comparison, in the graph's order. */
export function difficultyOf(plan: EncodePlan, log: readonly string[]): Difficulty | null {
  const rate = perSecond(plan.frameRate);
  const samples = sampleSizes(plan).map(({ width, height }, output) => {
    const muxed = new RegExp(
      `^(?:\\[out#[^\\]]*\\])?\\s*Output stream #${output}:0 \\(video\\):.*; (\\d+) packets muxed \\((\\d+) bytes\\)`,
    );
    const [, packets, bytes] = log.map((line) => muxed.exec(line)).findLast((found) => found !== null) ?? [];
    return { pixels: width * height, bitrate: (Number(bytes) * 8 * rate) / Number(packets) };
  });
  const [small, large] = samples;
  if (!small || !large || !(small.bitrate > 0) || !(large.bitrate > 0)) return null;
  const likeness = log
    .flatMap((line) => {
      const [, filter, ssim] = /^\[Parsed_ssim_(\d+) .*SSIM Y:([\d.]+)/.exec(line) ?? [];
      return filter === undefined ? [] : [{ filter: Number(filter), ssim: Number(ssim) }];
    })
    .toSorted((one, other) => one.filter - other.filter)
    .flatMap(({ ssim }, index) => {
      const rung = plan.renditions[index + 1]?.name;
      return rung === undefined ? [] : [{ rung, ssim }];
    });
  return { samples: [small, large], likeness };
}
