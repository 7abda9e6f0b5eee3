import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import type { Command } from "commander";
import { printJson } from "../output.ts";
import { stopSignal } from "../stop-signal.ts";
import { statusLines } from "./status-lines.ts";
import { withPool } from "./with-pool.ts";

type Options = { watch?: true; json?: true };

/** Milliseconds between two looks of `--watch`. */
const betweenMs = 2_000;

export default function status(command: Command): void {
  command
    .option("--watch", "repeat it every two seconds until Ctrl-C")
    .option("--json", "print one JSON document on standard output; with --watch a line each time")
    .addHelpText(
      "after",
      `
Times left are estimates for the step that is running, from its progress so far.
See also: kiln videos list|show|retry, kiln workers, kiln queues, kiln doctor.`,
    )
    .action(run);
}

async function run({ watch, json }: Options): Promise<void> {
  const signal = watch ? stopSignal() : AbortSignal.abort();
  await withPool(async ({ pool }) => {
    do {
      const status = await pool.status();
      if (json && watch) console.log(JSON.stringify(status));
      else if (json) printJson(status);
      else show(statusLines(status), Boolean(watch));
    } while (!signal.aborted && (await slept(signal)));
  });
}

function show(lines: readonly string[], watch: boolean): void {
  const isScreen = watch && process.stdout.isTTY;
  if (isScreen) process.stdout.write("\u001b[H\u001b[2J");
  const width = process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY;
  // A reason may quote a file's name or ffmpeg: control characters in it could change the terminal.
  for (const line of lines) console.log(stripVTControlCharacters(line).slice(0, width));
  if (watch && !isScreen) console.log();
}

/** @returns false when the signal ended it */
const slept = (signal: AbortSignal): Promise<boolean> =>
  sleep(betweenMs, true, { signal }).catch(() => false);
