import type { Command } from "commander";
import { z } from "zod";
import { TypedError } from "../../base/typed-error.ts";
import { printMarkdown } from "../output.ts";

const count = (text: string) => {
  const read = z.coerce.number().int().min(1_000).safeParse(text);
  if (!read.success) throw new TypedError("BAD_VIDEOS", `--videos ${text}: give a whole number from 1000 on`);
  return read.data;
};

export default function benchCanisters(command: Command): void {
  command
    .description(
      "instructions and cycles of the canisters' calls beside the platform's limits; upload and feed speeds",
    )
    .option("--videos <count>", "number of videos in the index", count, 100_000)
    .action(async ({ videos }: { videos: number }) => {
      const { canisterRows } = await import("../../../bench/canisters/rows.ts");
      printMarkdown(["what", "measured", "of the limit, or ratio", "target"], await canisterRows(videos));
    });
}
