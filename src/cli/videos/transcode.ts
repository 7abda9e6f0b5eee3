import { join, resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { analyse } from "../../analysis/analyse.ts";
import type { Analysis } from "../../analysis/analysis.ts";
import { AnalysisSettings, type ModerationPolicy, moderationOf } from "../../analysis/settings.ts";
import { TypedError } from "../../base/typed-error.ts";
import { readSettings } from "../../config.ts";
import { argumentsOf } from "../../transcode/base/ffmpeg.ts";
import { programOf } from "../../transcode/base/programs.ts";
import { RejectionError } from "../../transcode/base/rejection.ts";
import { limitsOf, policyOf, TranscodeSettings } from "../../transcode/base/settings.ts";
import { shellQuote } from "../../transcode/base/shell-quote.ts";
import type { CaptionFile } from "../../transcode/captions/captions.ts";
import { command as encodeCommand } from "../../transcode/encode/command.ts";
import { soundCommands } from "../../transcode/encode/encode-sound.ts";
import { explain } from "../../transcode/explain.ts";
import { openPaths } from "../../transcode/gpu/acceleration.ts";
import type { Manifest } from "../../transcode/manifest.ts";
import { growingFolder } from "../../transcode/package/growing-folder.ts";
import { type PrepareOptions, prepare } from "../../transcode/prepare.ts";
import { type Progress, transcode } from "../../transcode/transcode.ts";
import { formatBytes, printJson, printRejection, printTable } from "../output.ts";
import { stopSignal } from "../stop-signal.ts";

type Options = {
  out?: string;
  json?: true;
  mp4?: true;
  motionPhoto?: true;
  captions?: CaptionFile[];
  progressive?: true;
  growing?: string;
  dryRun?: true;
  explain?: true;
};

export default function (command: Command): void {
  command
    .argument("<file>", "video file")
    .option("--out <dir>", "folder to write; it appears once everything is encoded and verified")
    .option("--explain", "explain what would be encoded and why, and encode nothing")
    .option("--dry-run", "print the ffmpeg commands for a shell, and encode nothing")
    .option("--motion-photo", "take the video inside a photo (HEIC)")
    .option("--captions <language=file>", "add captions, a WebVTT or SRT file (repeatable)", captionFile)
    .option("--mp4", "add one MP4 file of the largest rendition, for sharing (as KILN_MP4=on)")
    .option("--progressive", "cut segments during the encode, and report when the first can be played")
    .option(
      "--growing <dir>",
      "the same, and write segments and playlists there as they come, to be served at once",
    )
    .option("--json", "print one JSON document: the manifest (or the plan), or why the file was refused")
    .addHelpText(
      "after",
      "\nExamples: ./kiln transcode holiday.mov --out holiday\n          ./kiln transcode holiday.mov --explain",
    )
    .action(async (file: string, options: Options) => {
      const settings = readSettings(TranscodeSettings);
      const moderation = moderationOf(readSettings(AnalysisSettings));
      const signal = stopSignal();
      const preparation = {
        signal,
        captions: options.captions,
        policy: { ...policyOf(settings), ...(options.mp4 && { mp4: "on" as const }) },
        limits: { ...limitsOf(settings), ...(options.motionPhoto && { motionPhotos: "accepted" as const }) },
      };
      try {
        if (options.explain || options.dryRun) await show(file, options, preparation);
        else if (options.out === undefined)
          command.error("error: required option '--out <dir>' not specified (or --explain, or --dry-run)");
        else await encode(file, options.out, options, { ...preparation, moderation });
      } catch (error) {
        if (process.stderr.isTTY) process.stderr.write(clearLine);
        if (signal.aborted)
          throw new TypedError("INTERRUPTED", "stopped; nothing was written", { cause: error });
        if (!options.json || !(error instanceof RejectionError)) throw error;
        printRejection(error);
      }
    });
}

/** `en=holiday.vtt` */
function captionFile(value: string, before: CaptionFile[] = []): CaptionFile[] {
  const [, language, path] = /^([^=]+)=(.+)$/.exec(value) ?? [];
  if (language === undefined || path === undefined)
    throw new InvalidArgumentError("a language and a file, such as en=holiday.vtt");
  return [...before, { language, path }];
}

/** Prints the plan: explained, as commands or as data. */
async function show(file: string, options: Options, preparation: PrepareOptions): Promise<void> {
  const { source, plan, policy } = await prepare(file, preparation);
  const folder = resolve(options.out ?? ".");
  const { open } = await openPaths(plan, policy, preparation.signal);
  const pictures = plan.parts.map((part, index) => {
    const own = plan.parts.length === 1 ? folder : join(folder, `part-${index}`);
    return encodeCommand(plan, open[0], policy, own, part);
  });
  const commands = [...soundCommands(plan, folder), ...pictures].map((command) => [
    programOf("ffmpeg"),
    ...argumentsOf(command),
  ]);
  const sentences = explain(source, plan);
  if (options.json) return printJson({ status: "planned", explanation: sentences, plan, commands });
  if (options.explain) console.log(sentences.join("\n"));
  if (options.dryRun) console.log(commands.map(shellQuote).join("\n"));
}

async function encode(
  file: string,
  out: string,
  { json, progressive, growing }: Options,
  { moderation, ...preparation }: PrepareOptions & { moderation: ModerationPolicy | null },
): Promise<void> {
  const began = performance.now();
  const seconds = () => ((performance.now() - began) / 1000).toFixed(2);
  const lead = process.stderr.isTTY ? clearLine : "";
  const served = growing === undefined ? null : await growingFolder(growing);
  const onPlayable = () => console.error(`${lead}the first segment can be played after ${seconds()} s`);
  const manifest = await transcode(file, {
    ...preparation,
    out,
    progressive: progressive || served ? { onSegment: () => {}, ...served, onPlayable } : undefined,
    analyse: moderation === null ? undefined : (input, run) => analyse(input, moderation, run),
    onProgress: process.stderr.isTTY ? showProgress : undefined,
  }).catch((error) => {
    served?.discard();
    throw error;
  });
  if (process.stderr.isTTY) process.stderr.write(clearLine);
  if (json) printJson({ status: "done", manifest });
  else print(manifest, out);
}

const clearLine = "\r\u001b[K";

function showProgress({ stage, fraction }: Progress): void {
  const percent = stage === "encode" ? ` ${Math.round(fraction * 100)} %` : "";
  process.stderr.write(`${clearLine}${stage}${percent}`);
}

function print(
  { renditions, audio, duration, posters, hls, analysis, source, captions }: Manifest,
  out: string,
): void {
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
  if (source.undecodableSound.length > 0)
    console.log(`no sound: ${source.undecodableSound.join(", ")} cannot be decoded by this ffmpeg`);
  for (const { label, path } of captions) console.log(`captions: ${label} (${out}/${path})`);
  if (source.lostCaptions.length > 0) console.log(`captions not kept: ${source.lostCaptions.join(", ")}`);
  console.log(`${duration.toFixed(2)} s, ${posters.length} posters: ${out}/${hls}`);
  console.log(analysis === null ? "its content was not judged (KILN_MODERATION=off)" : judged(analysis));
}

const judged = ({ moderation: { verdict, explicit, frames } }: Analysis) =>
  `moderation: ${verdict}, explicitness ${explicit} in ${frames} frames`;
