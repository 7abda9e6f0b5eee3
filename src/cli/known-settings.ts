import { z } from "zod";
import { AnalysisSettings } from "../analysis/settings.ts";
import { ApiSettings } from "../api/settings.ts";
import { HomeSettings } from "../base/kiln-home.ts";
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

/** What Kiln's sources do not read, but its compose file, tests and scripts do. */
export const ScriptSettings = z
  .object({
    KILN_IDENTITY_FILE: z.string().default("./identity.pem").meta({
      description: "the identity's PEM file on the host, for `compose.yaml`; any user may own it",
    }),
    KILN_TEST_MEDIA: z.string().optional().meta({
      description: "folder of video files from real phones, for tests; without it their tests are skipped",
    }),
    KILN_TEST_DATA: z.string().optional().meta({
      description: "folder of public interaction data (`ml-1m.txt`), for tests",
    }),
    KILN_IC_NEAR: z.string().optional().meta({
      description:
        "for the conformance tests of a network (`KILN_IC_HOST`): an id on each of its subnets, comma-separated",
    }),
    KILN_DEBIAN_MIRROR: z.string().optional().meta({
      description: "Debian mirror for `.ci/debian13`",
      shownDefault: "this machine's",
    }),
  })
  .meta({ title: "Containers, tests and scripts" });

/** Every setting there is, in the order of docs/reference/settings.md. */
export const settingsSchemas = [
  ...[HomeSettings, QueueSettings, VideoSettings, WorkerSettings, ProgramSettings, TranscodeSettings],
  ...[AnalysisSettings, IcSettings, ApiSettings, EventSettings, FeedSettings, MlSettings, LogSettings],
  ScriptSettings,
] as const;

/** Names that tests and their child processes use among themselves. */
const internal = /^KILN_TEST_/;

/** Names that begin with KILN_ but are not settings, each with the most similar setting. */
export function unknownSettings(names: readonly string[]): { name: string; nearest: string | undefined }[] {
  const known = settingsSchemas.flatMap((schema) => Object.keys(schema.shape));
  return names
    .filter((name) => name.startsWith("KILN_") && !known.includes(name) && !internal.test(name))
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
