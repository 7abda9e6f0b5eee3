import { access, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { TypedError } from "../../base/typed-error.ts";
import { openDatabase, quoted } from "../lake/duckdb.ts";
import { type DayRange, lakeQuery } from "../lake/lake.ts";
import { type EventFormat, formatOf } from "./event-file.ts";

const options: Record<EventFormat, string> = {
  csv: "FORMAT csv, HEADER",
  json: "FORMAT json",
  parquet: "FORMAT parquet, COMPRESSION zstd",
};

/** Which events: of these days, of this user only. */
export type Selection = DayRange & { user?: string };

/**
 * Writes events of the lake into one file, in the order of time, in a form that can be imported again. The file
 * appears when it is whole.
 * @returns how many events it holds
 * @throws TypedError EVENT_FORMAT_UNKNOWN, LAKE_EMPTY when the lake has no event of these days,
 * FOLDER_NOT_FOUND
 */
export async function exportEvents(lake: string, path: string, selection: Selection = {}): Promise<number> {
  const format = formatOf(path);
  const query = await lakeQuery(lake, selection);
  if (query === undefined)
    throw new TypedError(
      "LAKE_EMPTY",
      `the lake ${lake} has no events of these days: import some, or compact`,
    );
  await access(dirname(path)).catch((cause) => {
    throw new TypedError("FOLDER_NOT_FOUND", `there is no folder ${dirname(path)}`, { cause });
  });
  const user = selection.user === undefined ? "" : `WHERE "user" = ${quoted(selection.user)}`;
  const aside = join(dirname(path), `.${basename(path)}.new`);
  using database = await openDatabase();
  const copy = `COPY (SELECT * FROM (${query}) ${user} ORDER BY "at", id) TO ${quoted(aside)} (${options[format]})`;
  try {
    const reader = await database.connection.runAndReadAll(copy);
    await rename(aside, path);
    return Number(reader.getRows()[0]![0]);
  } finally {
    await rm(aside, { force: true });
  }
}
