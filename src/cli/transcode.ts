import type { Command } from "commander";
import { readSettings } from "../config.ts";
import { TypedError } from "../telemetry/typed-error.ts";
import type { Manifest } from "../transcode/manifest.ts";
import { RejectionError } from "../transcode/rejection.ts";
import { limitsOf, policyOf, TranscodeSettings } from "../transcode/settings.ts";
import { type Progress, transcode } from "../transcode/transcode.ts";
import { stopSignal } from "./stop-signal.ts";
import { formatBytes, printTable } from "./table.ts";

export default function (command: Command): void {
  command
    .argument("<file>", "video file")
    .requiredOption("--out <dir>", "folder to write; it appears when everything is done and checked")
    .option("--json", "print one JSON document: the manifest, or why the file was refused")
    .addHelpText("after", "\nExample: ./kiln transcode holiday.mov --out holiday")
    .action(async (file: string, options: { out: string; json?: true }) => {
      const settings = readSettings(TranscodeSettings);
      const signal = stopSignal();
      try {
        const manifest = await transcode(file, {
          out: options.out,
          signal,
          onProgress: process.stderr.isTTY ? showProgress : undefined,
          policy: policyOf(settings),
          limits: limitsOf(settings),
        });
        if (process.stderr.isTTY) process.stderr.write(clearLine);
        if (options.json) printJson({ status: "done", manifest });
        else print(manifest, options.out);
      } catch (error) {
        if (process.stderr.isTTY) process.stderr.write(clearLine);
        if (signal.aborted)
          throw new TypedError("INTERRUPTED", "stopped; nothing was written", { cause: error });
        if (!options.json || !(error instanceof RejectionError)) throw error;
        printJson({ status: "rejected", reason: error.code, message: error.message });
        process.exitCode = 1;
      }
    });
}

const clearLine = "\r\u001b[K";

function showProgress({ stage, fraction }: Progress): void {
  const percent = stage === "encode" ? ` ${Math.round(fraction * 100)} %` : "";
  process.stderr.write(`${clearLine}${stage}${percent}`);
}

const printJson = (document: unknown) => console.log(JSON.stringify(document, null, 2));

function print({ renditions, audio, duration, posters, hls }: Manifest, out: string): void {
  const kilobits = (bits: number) => `${Math.round(bits / 1000)} kbit/s`;
  printTable(
    ["rendition", "size", "average", "bytes"],
    [
      ...renditions.map(({ name, width, height, averageBandwidth, bytes }) => [
        name,
        `${width}x${height}`,
        kilobits(averageBandwidth),
        formatBytes(bytes),
      ]),
      ...(audio ? [["audio", "", kilobits(audio.averageBandwidth), formatBytes(audio.bytes)]] : []),
    ],
  );
  console.log(`${duration.toFixed(2)} s, ${posters.length} posters: ${out}/${hls}`);
}
