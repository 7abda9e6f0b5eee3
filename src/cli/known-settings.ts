import { AnalysisSettings } from "../analysis/settings.ts";
import { ApiSettings } from "../api/settings.ts";
import { LogSettings } from "../base/log.ts";
import { EventSettings } from "../events/settings.ts";
import { FeedSettings } from "../feed/settings.ts";
import { IcSettings } from "../ic/network/settings.ts";
import { MlSettings } from "../ml/settings.ts";
import { QueueSettings } from "../queues/settings.ts";
import { ProgramSettings } from "../transcode/base/programs.ts";
import { TranscodeSettings } from "../transcode/base/settings.ts";
import { VideoSettings } from "../videos/settings.ts";
import { WorkerSettings } from "../workers/settings.ts";

/** Every schema of settings that a folder exports. */
export const settingsSchemas = [
  ...[AnalysisSettings, ApiSettings, EventSettings, FeedSettings, IcSettings, LogSettings, MlSettings],
  ...[ProgramSettings, QueueSettings, TranscodeSettings, VideoSettings, WorkerSettings],
] as const;

/** What the launcher, the compose file, tests and scripts read beside the settings. */
const others = /^KILN_(DEBUG|DEBIAN_MIRROR|IDENTITY_FILE|IC_NEAR|TEST_.*)$/;

/** Names that begin with KILN_ and that no part of Kiln reads, each with the most similar one that is read. */
export function unknownSettings(names: readonly string[]): { name: string; nearest: string | undefined }[] {
  const known = settingsSchemas.flatMap((schema) => Object.keys(schema.shape));
  return names
    .filter((name) => name.startsWith("KILN_") && !known.includes(name) && !others.test(name))
    .map((name) => ({ name, nearest: nearestOf(name, known) }));
}

/** The candidate in which at most a third of the letters differ, fewest first. */
function nearestOf(name: string, candidates: readonly string[]): string | undefined {
  const [nearest] = candidates
    .map((candidate) => ({ candidate, edits: distance(name, candidate) }))
    .filter(({ edits }) => edits <= (name.length - "KILN_".length) / 3)
    .toSorted((one, other) => one.edits - other.edits);
  return nearest?.candidate;
}

/** Insertions, deletions and replacements between two words. @source Wagner and Fischer, 1974 */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [at, letter] of [...one].entries()) {
    const next = [at + 1];
    for (const [index, compared] of [...other].entries())
      next.push(Math.min(next[index]! + 1, row[index + 1]! + 1, row[index]! + (letter === compared ? 0 : 1)));
    row = next;
  }
  return row.at(-1)!;
}
