import type { Command } from "commander";
import { z } from "zod";
import { TypedError } from "../../base/typed-error.ts";
import { printMarkdown, printTable } from "../output.ts";

type Options = { runs: number; markdown?: true };

const count = (text: string) => {
  const read = z.coerce.number().int().positive().safeParse(text);
  if (!read.success) throw new TypedError("BAD_RUNS", `--runs ${text}: give a whole number from 1 on`);
  return read.data;
};

export default function benchTranscode(command: Command): void {
  command
    .description(
      "CPU seconds, memory and quality of a transcode beside hand-tuned ffmpeg and PeerTube's arguments",
    )
    .option("--runs <count>", "of every program, interleaved; the medians count", count, 3)
    .option("--markdown", "print the table as bench/README.md has it")
    .action(async ({ runs, markdown }: Options) => {
      const media = process.env.KILN_TEST_MEDIA;
      if (media === undefined)
        throw new TypedError("NO_MEDIA", "set KILN_TEST_MEDIA to the folder of test videos");
      const { transcodeRows } = await import("../../../bench/transcode/rows.ts");
      const head = ["what", "measured", "ratio", "target"];
      const print = markdown ? printMarkdown : printTable;
      print(head, await transcodeRows(media, { runs }));
    });
}
