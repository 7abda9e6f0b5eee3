import { createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { extname } from "node:path";
import { createInterface } from "node:readline";
import { TypedError } from "../../base/typed-error.ts";
import type { EngagementEvent } from "../event.ts";
import { type Column, columns } from "../lake/columns.ts";
import { openDatabase, quoted, rowsOf } from "../lake/duckdb.ts";
import { type EventProblem, parseEvent } from "../parse-event.ts";
import { csvRecords } from "./csv-records.ts";

/** By the ending of a file's name. */
const formats = { ".csv": "csv", ".jsonl": "json", ".ndjson": "json", ".parquet": "parquet" } as const;

export type EventFormat = (typeof formats)[keyof typeof formats];

/** A line of a CSV or JSON lines file, or a row of a Parquet file, both from 1. */
export type EventLine = { line: number } & (
  | { outcome: "valid"; event: EngagementEvent }
  | { outcome: "invalid"; problems: EventProblem[] }
);

/** @throws TypedError EVENT_FORMAT_UNKNOWN */
export function formatOf(path: string): EventFormat {
  const ending = extname(path).toLowerCase();
  if (ending in formats) return formats[ending as keyof typeof formats];
  throw new TypedError(
    "EVENT_FORMAT_UNKNOWN",
    `${path}: events are read and written as ${Object.keys(formats).join(", ")}`,
  );
}

/**
 * The events of a file one by one, each judged; the file may be larger than memory.
 * @param now milliseconds since 1970: events from later are invalid
 * @throws TypedError FILE_NOT_FOUND, EVENT_FORMAT_UNKNOWN, EVENT_FILE_INVALID when it is not of its format at all
 */
export async function* readEventFile(path: string, now: number): AsyncGenerator<EventLine> {
  const format = formatOf(path);
  await access(path).catch((cause) => {
    throw new TypedError("FILE_NOT_FOUND", `there is no file ${path}`, { cause });
  });
  for await (const { line, input } of readers[format](path)) {
    if (input instanceof SyntaxError)
      yield { line, outcome: "invalid", problems: [{ field: "", message: input.message }] };
    else yield { line, ...parseEvent(input, now) };
  }
}

/** What stands at a line; a SyntaxError when it cannot be read. */
type Reader = (path: string) => AsyncGenerator<{ line: number; input: unknown }>;

const readers: Record<EventFormat, Reader> = {
  async *csv(path) {
    let names: string[] | undefined;
    for await (const { line, fields } of csvRecords(createReadStream(path, "utf8"))) {
      if (names === undefined) names = headOf(path, fields);
      else if (fields.length === 1 && fields[0] === "") continue;
      else if (fields.length !== names.length)
        yield { line, input: new SyntaxError(`expected ${names.length} fields, found ${fields.length}`) };
      else yield { line, input: named(names, fields) };
    }
  },
  async *json(path) {
    let line = 0;
    for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
      line++;
      if (text.trim() !== "") yield { line, input: parsed(text) };
    }
  },
  async *parquet(path) {
    using database = await openDatabase();
    const query = `SELECT * FROM read_parquet(${quoted(path)}, hive_partitioning = false)`;
    let line = 0;
    try {
      for await (const row of rowsOf(database.connection, query)) yield { line: ++line, input: row };
    } catch (cause) {
      const [reason] = String(cause).split("\n");
      throw new TypedError("EVENT_FILE_INVALID", `${path} is no readable Parquet file: ${reason}`, { cause });
    }
  },
};

function headOf(path: string, names: string[]): string[] {
  const unknown = names.filter((name) => !(name in columns));
  if (unknown.length === 0) return names;
  throw new TypedError(
    "EVENT_FILE_INVALID",
    `${path}, line 1: no event has a field ${unknown.map((name) => JSON.stringify(name)).join(", ")}; the first line names the columns, of these: ${Object.keys(columns).join(", ")}`,
  );
}

/** CSV knows no types: an empty field is absent, and a number is one where the column holds numbers. */
function named(names: readonly string[], fields: readonly string[]): Record<string, unknown> {
  const given = names
    .map((name, index) => [name, fields[index]!] as const)
    .filter(([, text]) => text !== "")
    .map(([name, text]) => [name, columns[name as Column] === "VARCHAR" ? text : numberOr(text)]);
  return Object.fromEntries(given);
}

const numberOr = (text: string) => (Number.isNaN(Number(text)) ? text : Number(text));

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return error;
  }
}
