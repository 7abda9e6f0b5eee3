import { execFile } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { runFfmpeg } from "../src/transcode/base/ffmpeg.ts";
import { programOf } from "../src/transcode/base/programs.ts";
import type { Policy } from "../src/transcode/base/settings.ts";
import { command, intermediates } from "../src/transcode/encode/command.ts";
import { x264 } from "../src/transcode/encoders/x264.ts";
import { colorFilters } from "../src/transcode/plan/color.ts";
import { fraction } from "../src/transcode/plan/frame-rate.ts";
import type { EncodePlan } from "../src/transcode/plan/plan.ts";
import { prepare } from "../src/transcode/prepare.ts";
import { bitrateAt, type Point } from "./rate-curve.ts";

const run = promisify(execFile);

export type PerTitle = {
  clip: string;
  standard: Ladder;
  fitted: Ladder;
  /** Bits of the fitted ladder's best rendition, as a share of what the standard's best size takes to look as good. */
  atEqualSsim: number;
  atEqualPsnr: number;
};

/** Bits per second of all renditions together, and the best one as it is shown: at the source's size. */
export type Ladder = { renditions: number; bitrate: number; best: Point };

const clips = ["lpms-missing-dts.ts", "bbb_2500ms.ts", "nasa_13013.mp4"];

/** Give the curve on which equal quality is read. */
const qualities = ["20", "23", "26", "29", "32", "35"] as const;

/**
 * Encodes real clips, and one that somebody enlarged before, with the standard ladder and with the fitted one.
 * @param media folder of the clips
 */
export async function perTitleSavings(media: string): Promise<PerTitle[]> {
  const folder = await mkdtemp(join(tmpdir(), "kiln-bench-"));
  try {
    const enlarged = join(folder, "nasa_13013.mp4, enlarged to 1080p.mp4");
    await run(programOf("ffmpeg"), [
      ..."-nostdin -v error -t 5 -i".split(" "),
      join(media, "nasa_13013.mp4"),
      ..."-vf scale=1920:1080 -c:v libx264 -preset veryfast -crf 18 -an".split(" "),
      enlarged,
    ]);
    const results: PerTitle[] = [];
    for (const file of [...clips.map((clip) => join(media, clip)), enlarged])
      results.push(await savings(file, folder));
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function savings(file: string, folder: string): Promise<PerTitle> {
  const standard = await prepare(file, { policy: { perTitle: "off" } });
  const fitted = await ladder(await prepare(file, { policy: { perTitle: "on" } }), folder);
  const curve: Point[] = [];
  for (const crf of qualities) {
    const encoded = join(folder, "one.mp4");
    await run(programOf("ffmpeg"), bestAt(crf, standard, encoded));
    curve.push(await shown(standard.plan, encoded));
  }
  const share = (measure: "ssim" | "psnr") =>
    fitted.best.bitrate / bitrateAt(curve, measure, fitted.best[measure]);
  return {
    clip: file.slice(file.lastIndexOf("/") + 1).replace(/\.mp4\.mp4$/, ".mp4"),
    standard: await ladder(standard, folder),
    fitted,
    atEqualSsim: share("ssim"),
    atEqualPsnr: share("psnr"),
  };
}

type Prepared = { plan: EncodePlan; policy: Policy };

async function ladder({ plan, policy }: Prepared, folder: string): Promise<Ladder> {
  await runFfmpeg(command(plan, { name: "software" }, policy, folder), { stallMs: 600_000 });
  const { videos } = intermediates(plan, folder);
  const rates = await Promise.all(videos.map((path) => bitrate(plan, path)));
  return {
    renditions: videos.length,
    bitrate: rates.reduce((sum, rate) => sum + rate, 0),
    best: await shown(plan, videos[0]!),
  };
}

/** The largest rendition with Kiln's own options, at another quality and without a ceiling. */
function bestAt(crf: string, { plan, policy }: Prepared, to: string): string[] {
  const [best] = plan.renditions;
  const options = x264.options({ ...best!, segments: plan.segments }, policy);
  const at = options.map((option, index) => (options[index - 1] === "-crf" ? crf : option));
  const open = at.filter((_, index) => ![at[index], at[index - 1]].some((word) => ceilings.has(word ?? "")));
  const filters = [`fps=${fraction(plan.frameRate)}`, ...colorFilters(plan.video.conversion, best!)];
  return [
    ...["-nostdin", "-v", "error", "-y", "-f", plan.input.demuxer, "-i", plan.input.path],
    ...["-map", `0:${plan.video.stream}`, "-vf", filters.join(","), "-c:v", x264.name, ...open, to],
  ];
}

const ceilings = new Set(["-maxrate", "-bufsize"]);

async function bitrate({ frames, frameRate }: EncodePlan, encoded: string): Promise<number> {
  return ((await stat(encoded)).size * 8 * frameRate.numerator) / (frames * frameRate.denominator);
}

/** A rendition, scaled to the source's size, beside the source: of the luma, mean over all frames. */
async function shown(plan: EncodePlan, encoded: string): Promise<Point> {
  const rate = `fps=${fraction(plan.frameRate)}:start_time=0`;
  const graph = [
    `[0:${plan.video.stream}]${rate},format=gray,setsar=1[source]`,
    `[1:0]${rate},format=gray,setsar=1[encoded]`,
    "[encoded][source]scale2ref=flags=bicubic[same][reference]",
    "[reference]split=2[r1][r2];[same]split=2[s1][s2];[s1][r1]ssim,nullsink;[s2][r2]psnr[out]",
  ].join(";");
  const { stderr } = await run(programOf("ffmpeg"), [
    ...["-nostdin", "-hide_banner", "-f", plan.input.demuxer, "-i", plan.input.path, "-i", encoded],
    ...["-filter_complex", graph, "-map", "[out]", "-f", "null", "-"],
  ]);
  return {
    bitrate: await bitrate(plan, encoded),
    ssim: Number(/SSIM Y:([\d.]+)/.exec(stderr)?.[1]),
    psnr: Number(/PSNR y:([\d.]+)/.exec(stderr)?.[1]),
  };
}
