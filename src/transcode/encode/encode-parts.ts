import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { TypedError } from "../../base/typed-error.ts";
import {
  argumentsOf,
  EmptyOutputError,
  type FfmpegCommand,
  type FfmpegReport,
  ffmpegVersion,
  runFfmpeg,
} from "../base/ffmpeg.ts";
import { GpuError } from "../base/gpu-failure.ts";
import { isDiskFull } from "../base/rejection.ts";
import type { Policy } from "../base/settings.ts";
import type { EncodePath } from "../gpu/encode-path.ts";
import type { Part } from "../plan/division.ts";
import { pictureKinds } from "../plan/picture-plan.ts";
import type { EncodePlan } from "../plan/plan.ts";
import { boundsOf } from "./bounds.ts";
import { draft, finishedPart, keepPart, type PartReport, partFolder, sweep } from "./checkpoints.ts";
import { command, intermediates } from "./command.ts";
import { together } from "./together.ts";

export type PartsOptions = {
  policy: Policy;
  /** Of the source: what is in a part depends on it. */
  sha256: string;
  signal: AbortSignal | undefined;
  /** Frames of all parts so far. */
  onFrames: (frames: number) => void;
};

/** Folder of each part, and ffmpeg's totals. */
export type EncodedParts = { folders: string[]; report: PartReport };

/**
 * Encodes the parts of a plan, several at a time, each by an ffmpeg of its own. A finished part is a checkpoint:
 * it stays in `policy.partsFolder` until the video is finished, and a later attempt that needs the same part reuses it.
 * @throws TypedError PART_INCOMPLETE, and as `runFfmpeg`; the other parts have been stopped by then
 */
export async function encodeParts(
  plan: EncodePlan,
  path: EncodePath,
  { policy, sha256, signal, onFrames }: PartsOptions,
): Promise<EncodedParts> {
  const folder = resolve(policy.partsFolder);
  await sweep(folder);
  const version = await ffmpegVersion(signal);
  const done = plan.parts.map(() => 0);
  const progress = (index: number, frames: number) => {
    done[index] = frames;
    onFrames(done.reduce((sum, some) => sum + some, 0));
  };
  const folders = plan.parts.map((part) =>
    partFolder(folder, keyOf(command(plan, path, policy, "", part), [sha256, version])),
  );
  const tasks = plan.parts.map((part, index) => async (stop: AbortSignal) => {
    const place = folders[index]!;
    const earlier = await finishedPart(place);
    if (earlier !== null) {
      progress(index, earlier.frames);
      return earlier;
    }
    await using made = await draft(folder);
    const report = await runPart(command(plan, path, policy, made.path, part), {
      signal: stop,
      stallMs: policy.stallSeconds * 1000,
      bounds: boundsOf(plan, path, policy),
      onFrames: (frames) => progress(index, frames),
    });
    await keepPart(made.path, place, report);
    return report;
  });
  const reports = await together(tasks, { atOnce: atOnce(plan, path, policy), signal }).catch(
    async (error) => {
      // Another path has other parts, and a full disk needs the space.
      if (error instanceof GpuError || isDiskFull(error)) await dropParts(folders);
      throw error;
    },
  );
  const missing = firstMissing(plan.parts, reports);
  if (missing !== null) {
    await dropParts(folders);
    throw new TypedError("PART_INCOMPLETE", missing);
  }
  const whole = plan.parts.flatMap((_, index) => (reports[index]!.frames > 0 ? [folders[index]!] : []));
  return { folders: whole, report: summed(reports) };
}

/** Runs a part's command; where the source ends before the first frame of some outputs, again without these. */
async function runPart(made: FfmpegCommand, options: Parameters<typeof runFfmpeg>[1]): Promise<FfmpegReport> {
  try {
    return await runFfmpeg(made, options);
  } catch (error) {
    if (!(error instanceof EmptyOutputError)) throw error;
    const outputs = made.outputs.filter((_, index) => !error.outputs.includes(index));
    if (outputs.length === 0) return { ...error.report, frames: 0 };
    const unused = made.outputs
      .filter((_, index) => error.outputs.includes(index))
      .map(({ options }) => `;${options[options.indexOf("-map") + 1]}nullsink`);
    return runPart({ ...made, filterGraph: made.filterGraph + unused.join(""), outputs }, options);
  }
}

/** Everything that decides what is in a part: the source's content, this ffmpeg, and every word of the command but paths. */
function keyOf(made: ReturnType<typeof command>, of: readonly string[]): string {
  const words = argumentsOf({ ...made, input: "" });
  return createHash("sha256")
    .update(JSON.stringify([...of, words]))
    .digest("hex")
    .slice(0, 32);
}

/** A GPU has a limited number of sessions. */
function atOnce({ renditions }: EncodePlan, path: EncodePath, { partsAtOnce }: Policy): number {
  if (path.name === "software") return partsAtOnce;
  return Math.max(1, Math.min(partsAtOnce, Math.floor(path.card.can.sessions / renditions.length)));
}

/** Only the end of a source may be missing: an earlier hole would shift everything after it. */
function firstMissing(parts: readonly Part[], reports: readonly PartReport[]): string | null {
  const short = parts.findIndex(({ frames }, index) => reports[index]!.frames !== frames);
  const later = reports.slice(short + 1).reduce((sum, { frames }) => sum + frames, 0);
  if (short === -1 || later === 0) return null;
  const { start, frames } = parts[short]!;
  return `the part from frame ${start} on has ${reports[short]!.frames} of ${frames} frames: set KILN_PARTS_ABOVE=0 to encode in one piece`;
}

/** Parts also decode a little of what precedes them, which hides as many frames that did not decode. */
function summed(reports: readonly PartReport[]): PartReport {
  const sum = (of: (report: PartReport) => number) =>
    reports.reduce((total, report) => total + of(report), 0);
  return {
    frames: sum(({ frames }) => frames),
    decoded: reports.some(({ decoded }) => decoded === null) ? null : sum(({ decoded }) => decoded!),
    concealed: sum(({ concealed }) => concealed),
  };
}

/** Joins the raw pictures of all parts that have some, in order, as one run would have written them. */
export async function joinPictures(plan: EncodePlan, folders: readonly string[], out: string): Promise<void> {
  for (const kind of pictureKinds) {
    const joined = intermediates(plan, out).pictures[kind];
    await writeFile(joined, "");
    for (const folder of folders) {
      const own = intermediates(plan, folder).pictures[kind];
      if (existsSync(own)) await pipeline(createReadStream(own), createWriteStream(joined, { flags: "a" }));
    }
  }
}

/** Removes the checkpoints of a video that is finished, or refused for good. */
export async function dropParts(folders: readonly string[]): Promise<void> {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
}
