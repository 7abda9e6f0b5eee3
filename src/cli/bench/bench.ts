import { Argument, type Command } from "commander";
import type { TranscodeRatio } from "../../../bench/slice.ts";
import { TypedError } from "../../base/typed-error.ts";
import { printTable } from "../output.ts";
import benchCanisters from "./bench-canisters.ts";
import benchRecommend from "./bench-recommend.ts";
import benchTrain from "./bench-train.ts";
import benchTranscode from "./bench-transcode.ts";

type Row = [what: string, measured: string, ratio: string, target: string];

/** Each is a file of bench/, imported when it runs. */
const benches: Record<string, () => Promise<Row[]>> = {
  async slice() {
    const { transcodeRatio } = await import("../../../bench/slice.ts");
    const { uploadRatio } = await import("../../../bench/slice-upload.ts");
    const encode = await transcodeRatio();
    const sent = await uploadRatio();
    return [
      transcoded("packets", "at most 1.15", encode),
      transcoded("keyframes", "at most 1.25", encode),
      [
        "uploader / bare loop of put_chunk",
        `${sent.uploader.toFixed(1)} / ${sent.bareLoop.toFixed(1)} MB/s`,
        sent.ratio.toFixed(2),
        "at least 0.8",
      ],
    ];
  },
  async codecs() {
    const { codecShares } = await import("../../../bench/codecs.ts");
    return (await codecShares(mediaFolder())).map(({ clip, codec, points, bySsim, byPsnr }) => [
      `${clip}: ${codec} / h264, bits at the same SSIM (PSNR)`,
      points
        .map(({ bitrate, ssim }) => `${Math.round(bitrate / 1000)} kbit/s .${ssim.toFixed(4).slice(2)}`)
        .join(", "),
      `${bySsim.toFixed(2)} (${byPsnr.toFixed(2)})`,
      "at most the share of the ceilings",
    ]);
  },
  async "per-title"() {
    const { perTitleSavings } = await import("../../../bench/per-title.ts");
    return (await perTitleSavings(mediaFolder())).flatMap(
      ({ clip, fitted, standard, atEqualSsim, atEqualPsnr }): Row[] => [
        [
          `${clip}: all renditions, fitted (${fitted.renditions}) / standard (${standard.renditions})`,
          `${Math.round(fitted.bitrate / 1000)} / ${Math.round(standard.bitrate / 1000)} kbit/s`,
          (fitted.bitrate / standard.bitrate).toFixed(2),
          "below 1",
        ],
        [
          `${clip}: the best rendition, fitted / standard`,
          `SSIM ${fitted.best.ssim.toFixed(4)} / ${standard.best.ssim.toFixed(4)}, PSNR ${fitted.best.psnr.toFixed(2)} / ${standard.best.psnr.toFixed(2)} dB`,
          (fitted.best.bitrate / standard.best.bitrate).toFixed(2),
          `${atEqualSsim.toFixed(2)} at equal SSIM, ${atEqualPsnr.toFixed(2)} at equal PSNR`,
        ],
      ],
    );
  },
};

function mediaFolder(): string {
  const media = process.env.KILN_TEST_MEDIA;
  if (media === undefined)
    throw new TypedError("NO_MEDIA", "set KILN_TEST_MEDIA to the folder of test videos");
  return media;
}

function transcoded(level: "packets" | "keyframes", target: string, { ffmpeg, kiln }: TranscodeRatio): Row {
  const { seconds, ratio } = kiln[level];
  return [
    `kiln transcode, verification ${level} / one hand-written ffmpeg`,
    `${seconds.toFixed(1)} / ${ffmpeg.toFixed(1)} CPU s`,
    ratio.toFixed(3),
    target,
  ];
}

export default function bench(command: Command): void {
  benchRecommend(command.command("recommend"));
  benchTrain(command.command("train"));
  benchTranscode(command.command("transcode"));
  benchCanisters(command.command("canisters"));
  command
    .addArgument(new Argument("<name>", "what to measure").choices(Object.keys(benches)))
    .action(async (name: string) => {
      const rows = await benches[name]!();
      printTable(["what", "measured", "ratio", "target"], rows);
    });
}
