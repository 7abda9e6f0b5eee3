import { Argument, type Command } from "commander";
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
      [
        "kiln transcode / one hand-written ffmpeg",
        `${encode.kiln.toFixed(1)} / ${encode.ffmpeg.toFixed(1)} CPU s`,
        encode.ratio.toFixed(3),
        "at most 1.15",
      ],
      [
        "uploader / bare loop of put_chunk",
        `${sent.uploader.toFixed(1)} / ${sent.bareLoop.toFixed(1)} MB/s`,
        sent.ratio.toFixed(2),
        "at least 0.8",
      ],
    ];
  },
};

export default function bench(command: Command): void {
  command
    .addArgument(new Argument("<name>", "what to measure").choices(Object.keys(benches)))
    .action(async (name: string) => {
      const rows = await benches[name]!();
      printTable(["what", "measured", "ratio", "target"], rows);
    });
}
