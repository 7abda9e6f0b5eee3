import { execFile } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Codec, codecs } from "../src/transcode/base/codec.ts";
import { programOf } from "../src/transcode/base/programs.ts";
import { policyOf, TranscodeSettings } from "../src/transcode/base/settings.ts";
import { softwareEncoders } from "../src/transcode/gpu/encode-path.ts";

const run = promisify(execFile);

/** One encode: bits per second, and how like the source it is (luma, mean over all frames). */
type Point = { bitrate: number; ssim: number; psnr: number };
/** Bits that a codec takes beside H.264 for the same likeness, mean over what both reach; by either measure. */
export type Share = { clip: string; codec: Codec; points: Point[]; bySsim: number; byPsnr: number };

/** An easy clip and a hard one, with ceilings in bits per second at 854x480 that are low enough to bind. */
const clips = [
  { clip: "bbb_2500ms.ts", ceilings: [25_000, 50_000, 80_000, 120_000] },
  { clip: "lpms-bad-cuvid.ts", ceilings: [200_000, 500_000, 1_000_000, 1_500_000] },
] as const;
const seconds = 4;

/**
 * Encodes excerpts of real clips with Kiln's own options at several ceilings in every codec.
 * @param media folder of the clips
 */
export async function codecShares(media: string): Promise<Share[]> {
  const folder = await mkdtemp(join(tmpdir(), "kiln-bench-"));
  try {
    const shares: Share[] = [];
    for (const { clip, ceilings } of clips) {
      const source = join(folder, "source.mkv");
      await ffmpeg([
        ...["-i", join(media, clip), "-t", `${seconds}`, "-an", "-vf", "scale=854:480,format=yuv420p"],
        ...["-c:v", "ffv1", source],
      ]);
      const points = new Map<Codec, Point[]>();
      for (const codec of codecs) {
        const made: Point[] = [];
        for (const ceiling of ceilings) made.push(await encode(source, codec, ceiling, folder));
        points.set(codec, made);
      }
      const h264 = points.get("h264")!;
      for (const [codec, made] of points)
        shares.push({
          ...{ clip, codec, points: made },
          bySsim: shareOf(made, h264, ({ ssim }) => -10 * Math.log10(1 - ssim)),
          byPsnr: shareOf(made, h264, ({ psnr }) => psnr),
        });
    }
    return shares;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function encode(source: string, codec: Codec, ceiling: number, folder: string): Promise<Point> {
  const policy = policyOf(TranscodeSettings.parse({}));
  const encoder = softwareEncoders[codec];
  const segments = { segment: 60, group: 60, short: 0 };
  const file = join(folder, "encoded.mp4");
  const options = encoder.options({ maxrate: ceiling, bufsize: ceiling, segments }, policy);
  await ffmpeg(["-i", source, "-c:v", encoder.name, ...options, "-flags", "+cgop", file]);
  const { stderr } = await ffmpeg([
    ...["-i", file, "-i", source],
    ...["-lavfi", "[0:v]split[a][b];[1:v]split[c][d];[a][c]ssim,nullsink;[b][d]psnr", "-f", "null", "-"],
  ]);
  const duration = Number(
    (
      await run(programOf("ffprobe"), [
        ..."-v error -show_entries format=duration -of csv=p=0".split(" "),
        file,
      ])
    ).stdout,
  );
  return {
    bitrate: ((await stat(file)).size * 8) / duration,
    ssim: Number(/SSIM Y:([\d.]+)/.exec(stderr)?.[1]),
    psnr: Number(/PSNR y:([\d.]+)/.exec(stderr)?.[1]),
  };
}

const ffmpeg = (words: readonly string[]) =>
  run(programOf("ffmpeg"), ["-nostdin", "-hide_banner", "-y", ...words], { maxBuffer: 64 * 1024 ** 2 });

/**
 * Mean ratio of the rates at which two codecs reach the same quality, over the qualities that both reach; between
 * points the logarithm of the rate is taken as linear in the quality.
 * @source the idea of G. Bjøntegaard, "Calculation of average PSNR differences between RD-curves", VCEG-M33
 */
function shareOf(
  points: readonly Point[],
  reference: readonly Point[],
  quality: (point: Point) => number,
): number {
  const range = (some: readonly Point[]) => [Math.min(...some.map(quality)), Math.max(...some.map(quality))];
  const [[low, high], [lowest, highest]] = [range(points), range(reference)];
  const [from, to] = [Math.max(low!, lowest!), Math.min(high!, highest!)];
  if (to <= from) return Number.NaN;
  const steps = Array.from({ length: 21 }, (_, index) => from + ((to - from) * index) / 20);
  const logs = steps.map((at) => logRate(points, quality, at) - logRate(reference, quality, at));
  return Math.exp(logs.reduce((sum, value) => sum + value, 0) / logs.length);
}

function logRate(points: readonly Point[], quality: (point: Point) => number, at: number): number {
  const sorted = points.toSorted((one, other) => quality(one) - quality(other));
  const above = Math.max(
    1,
    sorted.findIndex((point) => quality(point) >= at - 1e-9),
  );
  const [low, high] = [sorted[above - 1]!, sorted[above]!];
  const share = (at - quality(low)) / (quality(high) - quality(low));
  return Math.log(low.bitrate) + share * (Math.log(high.bitrate) - Math.log(low.bitrate));
}
