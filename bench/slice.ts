import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { programOf } from "../src/transcode/base/programs.ts";
import { cpuSeconds } from "./cpu-seconds.ts";
import { median } from "./median.ts";

const run = promisify(execFile);
const kiln = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));

/** CPU seconds (user and system, all processes) and their ratios: medians of interleaved runs. */
export type TranscodeRatio = {
  ffmpeg: number;
  /** By level of verification: `packets` decodes nothing, `keyframes` is the default. */
  kiln: Record<Level, { seconds: number; ratio: number }>;
};

const levels = ["packets", "keyframes"] as const;
type Level = (typeof levels)[number];

/** The default ladder of a 1080p30 clip, as a person would write it: width, height, ceiling in kbit/s. */
const renditions = [
  { width: 1920, height: 1080, maxrate: 5000, bufsize: 4000 },
  { width: 1280, height: 720, maxrate: 2721, bufsize: 2177 },
  { width: 854, height: 480, maxrate: 1483, bufsize: 1186 },
  { width: 640, height: 360, maxrate: 962, bufsize: 770 },
  { width: 426, height: 240, maxrate: 524, bufsize: 419 },
] as const;

/**
 * `kiln transcode`, with pictures, loudness, packaging and verification, against one hand-written ffmpeg command
 * that makes the same renditions of the same clip (1080p30, 15 s, moving detail, a tone).
 */
export async function transcodeRatio({ runs = 5 }: { runs?: number } = {}): Promise<TranscodeRatio> {
  const folder = await mkdtemp(join(tmpdir(), "kiln-bench-"));
  try {
    const clip = join(folder, "clip.mp4");
    await run(programOf("ffmpeg"), [...sourceArguments, clip]);
    const ours: Record<Level, number[]> = { packets: [], keyframes: [] };
    const theirs: number[] = [];
    for (let index = 0; index < runs; index++) {
      for (const level of levels) {
        const out = join(folder, `${level}-${index}`);
        const command = [kiln, "transcode", clip, "--out", out];
        ours[level].push(
          await cpuSeconds(process.execPath, command, {
            KILN_VERIFY: level,
            KILN_PER_TITLE: "off",
            KILN_MODERATION: "off",
          }),
        );
        await rm(out, { recursive: true });
      }
      theirs.push(await cpuSeconds(programOf("ffmpeg"), handWritten(clip, folder)));
    }
    const ffmpeg = median(theirs);
    const beside = (level: Level) => {
      const seconds = median(ours[level]);
      return { seconds, ratio: seconds / ffmpeg };
    };
    return { ffmpeg, kiln: { packets: beside("packets"), keyframes: beside("keyframes") } };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const sourceArguments = [
  ..."-nostdin -v error -f lavfi -i testsrc2=s=1920x1080:r=30:d=15 -f lavfi -i sine=d=15".split(" "),
  ..."-vf noise=alls=12:allf=t -c:v libx264 -preset ultrafast -crf 18 -c:a aac".split(" "),
  ..."-color_range tv -colorspace bt709 -color_primaries bt709 -color_trc bt709".split(" "),
];

function handWritten(clip: string, folder: string): string[] {
  const graph = [
    "[0:v]split=2[v0][s1]",
    "[s1]scale=1280:720,split=2[v1][s2]",
    "[s2]scale=854:480,split=2[v2][s3]",
    "[s3]scale=640:360,split=2[v3][s4]",
    "[s4]scale=426:240[v4]",
  ].join(";");
  return [
    ...["-nostdin", "-v", "error", "-y", "-i", clip, "-filter_complex", graph],
    ...renditions.flatMap(({ height, maxrate, bufsize }, index) => [
      ...`-map [v${index}] -c:v libx264 -preset veryfast -bf 5 -refs 2 -subq 3 -partitions p8x8,i8x8,i4x4 -rc-lookahead 40 -profile:v high -crf 23`.split(
        " ",
      ),
      ...`-maxrate ${maxrate}k -bufsize ${bufsize}k -g 60 -keyint_min 60 -sc_threshold 0`.split(" "),
      join(folder, `${height}.mp4`),
    ]),
    ...["-map", "0:a", "-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-ac", "2", join(folder, "audio.mp4")],
  ];
}
