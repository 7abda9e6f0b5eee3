import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { runFfmpeg } from "../../src/transcode/base/ffmpeg.ts";
import { programOf } from "../../src/transcode/base/programs.ts";
import { command, intermediates } from "../../src/transcode/encode/command.ts";
import { colorFilters } from "../../src/transcode/plan/color.ts";
import { fraction, perSecond } from "../../src/transcode/plan/frame-rate.ts";
import type { EncodePlan } from "../../src/transcode/plan/plan.ts";
import { prepare } from "../../src/transcode/prepare.ts";
import { type Point, qualityAt } from "../rate-curve.ts";
import { phoneClips } from "./clips.ts";
import { peerTubeEncoding } from "./competitors.ts";

const run = promisify(execFile);

export type Quality = { rendition: string; kiln: Point; peerTube: Omit<Point, "bitrate"> };

/** PeerTube's arguments at these qualities give a curve, on which its values at our bitrate are read. */
const qualities = [19, 22, 25, 28] as const;

/**
 * Every rung as Kiln encodes it, beside PeerTube's arguments at the same preset and bitrate. Both are held beside
 * the source, scaled straight to the rung's size.
 */
export async function quality(media: string, { seconds = 8 }: { seconds?: number } = {}): Promise<Quality[]> {
  const folder = await mkdtemp(join(tmpdir(), "kiln-bench-"));
  try {
    const { sdr } = await phoneClips(media, { folder, seconds });
    const { plan, policy } = await prepare(sdr, {});
    await runFfmpeg(command(plan, { name: "software" }, policy, folder), { stallMs: 600_000 });
    const ours = intermediates(plan, folder).videos;
    const rows: Quality[] = [];
    for (const [index, rendition] of plan.renditions.entries()) {
      const kiln = await likeness(plan, rendition, ours[index]!);
      const curve: Point[] = [];
      for (const crf of qualities) {
        const file = join(folder, "peertube.mp4");
        await run(programOf("ffmpeg"), peerTubeAt(plan, rendition, { crf, file }));
        curve.push(await likeness(plan, rendition, file));
      }
      rows.push({ rendition: rendition.name, kiln, peerTube: qualityAt(curve, kiln.bitrate) });
    }
    return rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type Rendition = EncodePlan["renditions"][number];

function peerTubeAt(
  plan: EncodePlan,
  rendition: Rendition,
  { crf, file }: { crf: number; file: string },
): string[] {
  return [
    ...["-nostdin", "-v", "error", "-y", "-i", plan.input.path],
    ...peerTubeEncoding(rendition.maxrate, perSecond(plan.frameRate)),
    ...["-crf", `${crf}`, "-vf", `scale=w=${rendition.width}:h=${rendition.height}`, "-an", file],
  ];
}

async function likeness(plan: EncodePlan, rendition: Rendition, encoded: string): Promise<Point> {
  const rate = `fps=${fraction(plan.frameRate)}:start_time=0`;
  const graph = [
    `[0:${plan.video.stream}]${rate},${colorFilters(plan.video.conversion, rendition).join(",")},split=2[r1][r2]`,
    `[1:0]${rate},setsar=1,split=2[e1][e2]`,
    "[e1][r1]ssim,nullsink;[e2][r2]psnr[out]",
  ].join(";");
  const { stderr } = await run(programOf("ffmpeg"), [
    ...["-nostdin", "-hide_banner", "-i", plan.input.path, "-i", encoded, "-filter_complex", graph],
    ...["-map", "[out]", "-f", "null", "-"],
  ]);
  const seconds = (plan.frames * plan.frameRate.denominator) / plan.frameRate.numerator;
  return {
    bitrate: ((await pictureBytes(encoded)) * 8) / seconds,
    ssim: Number(/SSIM Y:([\d.]+)/.exec(stderr)?.[1]),
    psnr: Number(/PSNR y:([\d.]+)/.exec(stderr)?.[1]),
  };
}

/** Of the packets: the fragments around them belong to the intermediate, not to what is delivered. */
async function pictureBytes(file: string): Promise<number> {
  const words = "-v error -select_streams v:0 -show_entries packet=size -of default=nk=1:nw=1".split(" ");
  const { stdout } = await run(programOf("ffprobe"), [...words, file]);
  return stdout
    .trim()
    .split("\n")
    .reduce((sum, line) => sum + Number(line), 0);
}
