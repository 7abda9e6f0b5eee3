import { access } from "node:fs/promises";
import { extname } from "node:path";
import { textLines } from "../../base/text-lines.ts";
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

/** Names of a file's own fields by ours: `{ user: "uid" }`. */
export type FieldMap = Readonly<Partial<Record<Column, string>>>;

/**
 * `user=uid,video=item,at=ts`
 * @throws TypedError EVENT_FILE_INVALID
 */
export function parseFieldMap(text: string): FieldMap {
  const pairs = text.split(",").map((pair) => pair.split("="));
  for (const [ours = "", theirs = "", ...more] of pairs)
    if (!(ours in columns) || theirs === "" || more.length > 0)
      throw new TypedError(
        "EVENT_FILE_INVALID",
        `${[ours, theirs, ...more].join("=")} maps nothing: write field=column, with a field of ${Object.keys(columns).join(", ")}`,
      );
  return Object.fromEntries(pairs);
}

/**
 * The events of a file one by one, each judged; the file may be larger than memory.
 * @param now milliseconds since 1970: events from later are invalid
 * @param map which of the file's fields are ours; with one, fields that are neither are ignored
 * @throws TypedError FILE_NOT_FOUND, FILE_NOT_UTF8, EVENT_FORMAT_UNKNOWN, EVENT_FILE_INVALID when it is not of its
 * format at all
 */
export async function* readEventFile(path: string, now: number, map?: FieldMap): AsyncGenerator<EventLine> {
  const format = formatOf(path);
  await access(path).catch((cause) => {
    throw new TypedError("FILE_NOT_FOUND", `there is no file ${path}`, { cause });
  });
  for await (const { line, input } of readers[format](path, map)) {
    if (input instanceof SyntaxError)
      yield { line, outcome: "invalid", problems: [{ field: "", message: input.message }] };
    else yield { line, ...parseEvent(input, now) };
  }
}

/** What is on a line; a SyntaxError when it cannot be read. */
type Reader = (path: string, map?: FieldMap) => AsyncGenerator<{ line: number; input: unknown }>;

const notUtf8 = () => new SyntaxError("is not UTF-8");

const readers: Record<EventFormat, Reader> = {
  async *csv(path, map) {
    const unreadable = new Set<number>();
    const texts = async function* () {
      for await (const { line, text } of textLines(path)) {
        if (text === undefined) unreadable.add(line);
        yield `${text ?? ""}\n`;
      }
    };
    let names: (Column | undefined)[] | undefined;
    for await (const { line, lastLine, fields } of csvRecords(texts())) {
      const isReadable = !lines(line, lastLine).some((number) => unreadable.has(number));
      if (names === undefined) names = headOf(path, fields, map);
      else if (!isReadable) yield { line, input: notUtf8() };
      else if (fields.length === 1 && fields[0] === "") continue;
      else if (fields.length !== names.length)
        yield { line, input: new SyntaxError(`expected ${names.length} fields, found ${fields.length}`) };
      else yield { line, input: named(names, fields) };
    }
  },
  async *json(path, map) {
    for await (const { line, text } of textLines(path)) {
      if (text === undefined) yield { line, input: notUtf8() };
      else if (text.trim() !== "") yield { line, input: renamed(parsed(text), map) };
    }
  },
  async *parquet(path, map) {
    using database = await openDatabase();
    const query = `SELECT * FROM read_parquet(${quoted(path)}, hive_partitioning = false)`;
    let line = 0;
    try {
      for await (const row of rowsOf(database.connection, query))
        yield { line: ++line, input: renamed(row, map) };
    } catch (cause) {
      const [reason] = String(cause).split("\n");
      throw new TypedError("EVENT_FILE_INVALID", `${path} is not a readable Parquet file: ${reason}`, {
        cause,
      });
    }
  },
};

const lines = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** The field of ours that each column holds; undefined for columns that the map leaves out. */
function headOf(path: string, names: string[], map?: FieldMap): (Column | undefined)[] {
  const invalid = (message: string) => new TypedError("EVENT_FILE_INVALID", `${path}, line 1: ${message}`);
  const fields = names.map((name) => fieldOf(name, map));
  const unknown = names.filter((_, index) => fields[index] === undefined);
  if (unknown.length > 0 && map === undefined)
    throw invalid(
      `no event has a field ${unknown.map((name) => JSON.stringify(name)).join(", ")}; the first line names the columns, of these: ${Object.keys(columns).join(", ")}. Others are named with --map`,
    );
  for (const theirs of Object.values(map ?? {}))
    if (!names.includes(theirs)) throw invalid(`there is no column ${JSON.stringify(theirs)}`);
  const twice = fields.find((field, index) => field !== undefined && fields.indexOf(field) !== index);
  if (twice !== undefined) throw invalid(`two columns hold the field ${twice}: leave one out`);
  return fields;
}

/** A mapped name is ours; a field that is mapped is no longer found by its own name. */
function fieldOf(name: string, map: FieldMap = {}): Column | undefined {
  const mapped = Object.entries(map).find(([, theirs]) => theirs === name)?.[0];
  if (mapped !== undefined) return mapped as Column;
  return name in columns && !(name in map) ? (name as Column) : undefined;
}

function renamed(input: unknown, map?: FieldMap): unknown {
  if (map === undefined || typeof input !== "object" || input === null || input instanceof Error)
    return input;
  return Object.fromEntries(
    Object.entries(input).flatMap(([name, value]) => {
      const field = fieldOf(name, map);
      return field === undefined ? [] : [[field, value]];
    }),
  );
}

/** CSV knows no types: an empty field is absent, and a number is one where the column holds numbers. */
function named(names: readonly (Column | undefined)[], fields: readonly string[]): Record<string, unknown> {
  const given = names.flatMap((name, index) => {
    const text = fields[index]!;
    if (name === undefined || text === "") return [];
    return [[name, columns[name] === "VARCHAR" ? text : numberOr(text)] as const];
  });
  return Object.fromEntries(given);
}

const numberOr = (text: string) => (text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text));

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return error;
  }
}
