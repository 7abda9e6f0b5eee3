import { TypedError } from "../../base/typed-error.ts";
import type { EngagementEvent } from "../event.ts";
import type { Addition, Lake } from "../lake/lake.ts";
import { problemLine } from "../parse-event.ts";
import { readEventFile } from "./event-file.ts";

/** What a file holds; of the problems the first ones, each as `line 3: watchedMs: ...`. */
export type FileReport = { events: number; invalid: number; problems: string[] };

/** A file with a wrong column has a problem on every line; the first ones are enough. */
const shown = 20;

/** Judges every event of a file and keeps nothing of it. */
export async function validateEvents(path: string, now: number): Promise<FileReport> {
  const report: FileReport = { events: 0, invalid: 0, problems: [] };
  for await (const line of readEventFile(path, now)) {
    if (line.outcome === "valid") report.events++;
    else {
      report.invalid++;
      const room = shown - report.problems.length;
      report.problems.push(...line.problems.slice(0, room).map((problem) => problemLine(line.line, problem)));
    }
  }
  return report;
}

/**
 * Adds the events of a file to the lake: all of them, or none when one is invalid.
 * @throws TypedError EVENTS_INVALID that names lines and fields
 */
export async function importEvents(path: string, lake: Lake, now: number): Promise<Addition> {
  const { invalid, problems } = await validateEvents(path, now);
  if (invalid > 0)
    throw new TypedError(
      "EVENTS_INVALID",
      `${path} has ${invalid} invalid lines, nothing was imported:\n  ${problems.join("\n  ")}`,
    );
  return await lake.add(validOnly(path, now));
}

async function* validOnly(path: string, now: number): AsyncGenerator<EngagementEvent> {
  for await (const line of readEventFile(path, now)) {
    if (line.outcome === "valid") yield line.event;
    else throw new TypedError("EVENTS_INVALID", `${path} changed while it was imported: try again`);
  }
}
