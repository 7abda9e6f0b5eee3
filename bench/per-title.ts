import { execFile } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { command, intermediates } from "../src/transcode/encode/command.ts";
import { runFfmpeg } from "../src/transcode/ffmpeg.ts";
import { fraction } from "../src/transcode/plan/frame-rate.ts";
import type { EncodePlan } from "../src/transcode/plan/plan.ts";
import { prepare } from "../src/transcode/prepare.ts";

const run = promisify(execFile);

/** A ladder that was encoded: bits per second of all its renditions, and how the best one looks beside the source. */
export type Ladder = { renditions: number; bitrate: number; ssim: number; psnr: number };
export type PerTitle = { clip: string; standard: Ladder; fitted: Ladder };

const clips = ["lpms-missing-dts.ts", "bbb_2500ms.ts", "nasa_13013.mp4"];

/**
 * Encodes real clips with the standard ladder and with the one that was fitted to them.
 * @param media folder of the clips
 */
export async function perTitleSavings(media: string): Promise<PerTitle[]> {
  const results: PerTitle[] = [];
  for (const clip of clips) {
    const [standard, fitted] = [
      await ladder(join(media, clip), "off"),
      await ladder(join(media, clip), "on"),
    ];
    results.push({ clip, standard, fitted });
  }
  return results;
}

async function ladder(file: string, perTitle: "on" | "off"): Promise<Ladder> {
  const folder = await mkdtemp(join(tmpdir(), "kiln-bench-"));
  try {
    const { plan, policy } = await prepare(file, { policy: { perTitle } });
    await runFfmpeg(command(plan, { name: "software" }, policy, folder), { stallMs: 60_000 });
    const { videos } = intermediates(plan, folder);
    const bytes = await Promise.all(videos.map(async (path) => (await stat(path)).size));
    const total = bytes.reduce((sum, size) => sum + size, 0);
    const seconds = (plan.frames * plan.frameRate.denominator) / plan.frameRate.numerator;
    return {
      renditions: videos.length,
      bitrate: (total * 8) / seconds,
      ...(await likeness(plan, videos[0]!)),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The best rendition, scaled to the source's size, beside the source: of the luma, mean over all frames. */
async function likeness(
  { input, video, frameRate }: EncodePlan,
  best: string,
): Promise<Pick<Ladder, "ssim" | "psnr">> {
  const graph = [
    `[0:${video.stream}]fps=${fraction(frameRate)}:start_time=0,format=gray,setsar=1[source]`,
    "[1:0]format=gray,setsar=1[encoded]",
    "[encoded][source]scale2ref=flags=bicubic[same][reference]",
    "[reference]split=2[r1][r2];[same]split=2[s1][s2];[s1][r1]ssim,nullsink;[s2][r2]psnr[out]",
  ].join(";");
  const words = ["-nostdin", "-hide_banner", "-f", input.demuxer, "-i", input.path, "-i", best];
  const { stderr } = await run("ffmpeg", [
    ...words,
    "-filter_complex",
    graph,
    "-map",
    "[out]",
    "-f",
    "null",
    "-",
  ]);
  return {
    ssim: Number(/SSIM Y:([\d.]+)/.exec(stderr)?.[1]),
    psnr: Number(/PSNR y:([\d.]+)/.exec(stderr)?.[1]),
  };
}
