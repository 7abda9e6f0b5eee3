import { Argument, type Command } from "commander";
import type { TranscodeRatio } from "../../bench/slice.ts";
import { printTable } from "./table.ts";

type Row = [what: string, measured: string, ratio: string, target: string];

/** Each is a file of bench/, imported when it is asked for. */
const benches: Record<string, () => Promise<Row[]>> = {
  async slice() {
    const { transcodeRatio } = await import("../../bench/slice.ts");
    const { uploadRatio } = await import("../../bench/slice-upload.ts");
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
};

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
  command
    .addArgument(new Argument("<name>", "what to measure").choices(Object.keys(benches)))
    .action(async (name: string) => {
      const rows = await benches[name]!();
      printTable(["what", "measured", "ratio", "target"], rows);
    });
}
