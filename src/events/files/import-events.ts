import { TypedError } from "../../base/typed-error.ts";
import type { Addition, Lake } from "../lake/lake.ts";
import { problemLine } from "../parse-event.ts";
import { type EventLine, type FieldMap, readEventFile } from "./event-file.ts";

/** What a file holds; of the problems the first ones, each as `line 3: watchedMs: ...`. */
export type FileReport = { events: number; invalid: number; problems: string[] };

/** A file with a wrong column has a problem on every line; the first ones are enough. */
const shown = 20;

/** Judges every event of a file without storing any. */
export async function validateEvents(path: string, now: number, map?: FieldMap): Promise<FileReport> {
  const report = emptyReport();
  for await (const line of readEventFile(path, now, map)) note(report, line);
  return report;
}

export type ImportOptions = {
  map?: FieldMap | undefined;
  /** Leaves invalid lines out instead of refusing the file. */
  skipInvalid?: boolean | undefined;
};

/** What an import added, and what it left out; of the problems the first ones. */
export type Imported = Addition & { skipped: number; problems: string[] };

/**
 * Adds the events of a file to the lake: all of them, or none when one is invalid; with `skipInvalid` the valid ones.
 * @throws TypedError EVENTS_INVALID that names lines and fields, and those of `readEventFile`
 */
export async function importEvents(
  path: string,
  lake: Lake,
  now: number,
  { map, skipInvalid = false }: ImportOptions = {},
): Promise<Imported> {
  if (!skipInvalid) {
    const { invalid, problems } = await validateEvents(path, now, map);
    if (invalid > 0)
      throw new TypedError(
        "EVENTS_INVALID",
        `${path} has ${invalid} invalid lines, nothing was imported (--skip-invalid leaves them out):\n  ${problems.join("\n  ")}`,
      );
  }
  const report = emptyReport();
  const addition = await lake.add(
    (async function* () {
      for await (const line of readEventFile(path, now, map)) {
        note(report, line);
        if (line.outcome === "valid") yield line.event;
        else if (!skipInvalid)
          throw new TypedError("EVENTS_INVALID", `${path} changed while it was imported: try again`);
      }
    })(),
  );
  return { ...addition, skipped: report.invalid, problems: report.problems };
}

const emptyReport = (): FileReport => ({ events: 0, invalid: 0, problems: [] });

function note(report: FileReport, line: EventLine): void {
  if (line.outcome === "valid") {
    report.events++;
    return;
  }
  report.invalid++;
  const room = shown - report.problems.length;
  report.problems.push(...line.problems.slice(0, room).map((problem) => problemLine(line.line, problem)));
}
