import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, realpath, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { synced } from "../../base/synced-write.ts";
import { TypedError } from "../../base/typed-error.ts";
import { EngagementEvent } from "../event.ts";
import { entryOf } from "../viewer-entry.ts";
import { columnDeclarations } from "./columns.ts";
import { appendEvents, type Database, openDatabase, quoted, rowsOf } from "./duckdb.ts";
import { ViewerDigests } from "./viewer-digests.ts";

export type Addition = {
  /** Events that the lake did not have. */
  added: number;
  /** Events that it had, or that were given twice. */
  duplicates: number;
  /** Events from before their user's data was deleted. */
  forgotten: number;
};

/** Days as the lake names them, both included: 2026-11-21 */
export type DayRange = { from?: string; to?: string };

/** Two handles of one process would not see each other's lock. */
const openHere = new Set<string>();

const partition = /^day=(\d{4}-\d{2}-\d{2})$/;
/** The day of an event, as SQL computes it. */
const dayColumn = `strftime(epoch_ms("at"), '%Y-%m-%d')`;
/** A day's file while it is written; a leftover of a crash is not part of the lake. */
const incoming = (folder: string) => join(folder, ".incoming.parquet");
const fileOf = (folder: string, day: string) => join(folder, `day=${day}`, "events.parquet");

/**
 * The events of all time as Parquet, a folder a UTC day: `day=2026-11-21/events.parquet`, sorted by time, each id
 * once. Files are replaced whole by renaming, so readers need no lock; one process writes at a time.
 */
export class Lake implements Disposable {
  readonly #folder: string;
  readonly #database: Database;
  readonly #digests: ViewerDigests;

  /**
   * Opens the lake for writing. The lock is that of DuckDB's own file, which the system frees however this process
   * ends; the file also remembers whose data was deleted, as digests, and no event.
   * @throws TypedError LAKE_IN_USE
   */
  static async open(path: string): Promise<Lake> {
    await mkdir(path, { recursive: true });
    const folder = await realpath(path);
    if (openHere.has(folder)) throw inUse(folder);
    openHere.add(folder);
    try {
      const database = await openDatabase(join(folder, "lake.duckdb"));
      await rm(incoming(folder), { force: true });
      await database.connection.run(`
        CREATE TABLE IF NOT EXISTS forgotten (digest VARCHAR PRIMARY KEY, "at" BIGINT);
        CREATE TEMP TABLE arrived (${columnDeclarations});`);
      const lake = new Lake(folder, database);
      await lake.#buildDigests();
      return lake;
    } catch (cause) {
      openHere.delete(folder);
      if (String(cause).includes("Could not set lock")) throw inUse(folder, cause);
      throw cause;
    }
  }

  private constructor(folder: string, database: Database) {
    this.#folder = folder;
    this.#database = database;
    this.#digests = new ViewerDigests(folder);
  }

  /**
   * Merges events into their days: late ones into the file of a day long gone, known ones into nothing. All of it
   * is on disk when the promise resolves; after a crash half-way the same call gives the same lake.
   */
  async add(events: AsyncIterable<EngagementEvent> | Iterable<EngagementEvent>): Promise<Addition> {
    const { connection } = this.#database;
    await connection.run("TRUNCATE arrived");
    const given = await appendEvents(connection, "arrived", events);
    await connection.run(`
      DELETE FROM arrived USING forgotten
      WHERE sha256(arrived."user") = forgotten.digest AND arrived."at" <= forgotten."at"`);
    const kept = await this.#count("arrived");
    let added = 0;
    for (const day of await this.#arrivedDays()) added += await this.#merge(day);
    await this.#digests.add(entriesByUser(connection, "arrived"));
    await connection.run("TRUNCATE arrived");
    return { added, duplicates: kept - added, forgotten: given - kept };
  }

  /** Whether `forget` was called for that user and that time (milliseconds since 1970), or a later one. */
  async hasForgotten(user: string, at: number): Promise<boolean> {
    const digest = createHash("sha256").update(user).digest("hex");
    return (
      (await this.#count(`forgotten WHERE digest = ${quoted(digest)} AND "at" >= ${Math.trunc(at)}`)) > 0
    );
  }

  /**
   * Deletes all of a user's events until now, and drops them if they are delivered again. Later events count.
   * @returns how many events were deleted
   */
  async forget(user: string, now: number): Promise<number> {
    const digest = createHash("sha256").update(user).digest("hex");
    const { connection } = this.#database;
    // First: a second call can delete what a crash leaves behind, but not what is delivered again.
    await connection.run("INSERT OR REPLACE INTO forgotten VALUES ($1, $2)", [digest, BigInt(now)]);
    this.#digests.forget(user);
    let deleted = 0;
    for (const day of await lakeDays(this.#folder)) {
      const file = fileOf(this.#folder, day);
      const all = await this.#count(parquet(file));
      const others = `${parquet(file)} WHERE "user" <> ${quoted(user)}`;
      const left = await this.#count(others);
      if (left === 0) await rm(dirname(file), { recursive: true });
      else if (left < all) await this.#replace(file, `SELECT * FROM ${others} ORDER BY "at", id`);
      deleted += all - left;
    }
    return deleted;
  }

  [Symbol.dispose](): void {
    this.#digests[Symbol.dispose]();
    this.#database[Symbol.dispose]();
    openHere.delete(this.#folder);
  }

  /** For a lake that an older version wrote, or whose digests were lost. */
  async #buildDigests(): Promise<void> {
    if (this.#digests.exist) return;
    const all = await lakeQuery(this.#folder);
    if (all !== undefined) await this.#digests.add(entriesByUser(this.#database.connection, `(${all})`));
  }

  async #arrivedDays(): Promise<string[]> {
    const days: string[] = [];
    const query = `SELECT DISTINCT ${dayColumn} AS day FROM arrived ORDER BY day`;
    for await (const { day } of rowsOf(this.#database.connection, query)) days.push(String(day));
    return days;
  }

  async #merge(day: string): Promise<number> {
    const file = fileOf(this.#folder, day);
    const known = (await lakeDays(this.#folder)).includes(day) ? parquet(file) : undefined;
    const before = known ? await this.#count(known) : 0;
    const arrived = `SELECT * FROM arrived WHERE ${dayColumn} = ${quoted(day)}`;
    const both = known ? `SELECT * FROM ${known} UNION ALL BY NAME ${arrived}` : arrived;
    const events = await this.#replace(
      file,
      `SELECT * FROM (SELECT DISTINCT ON (id) * FROM (${both})) ORDER BY "at", id`,
    );
    return events - before;
  }

  /** Writes the file aside, brings it to the disk and puts it in place in one step. */
  async #replace(file: string, query: string): Promise<number> {
    const folder = dirname(file);
    await mkdir(folder, { recursive: true });
    const aside = incoming(this.#folder);
    const copy = `COPY (${query}) TO ${quoted(aside)} (FORMAT parquet, COMPRESSION zstd)`;
    const [[written = 0n] = []] = (await this.#database.connection.runAndReadAll(copy)).getRows();
    await synced(aside);
    await rename(aside, file);
    await synced(folder);
    return Number(written);
  }

  async #count(source: string): Promise<number> {
    const reader = await this.#database.connection.runAndReadAll(`SELECT count(*) FROM ${source}`);
    return Number(reader.getRows()[0]![0]);
  }
}

/** The days that the lake has, oldest first; none where there is no lake yet. */
export async function lakeDays(folder: string, { from = "", to = "9999" }: DayRange = {}): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names
    .flatMap((name) => partition.exec(name)?.[1] ?? [])
    .filter((day) => day >= from && day <= to && existsSync(fileOf(folder, day)))
    .toSorted();
}

/** The SQL that reads these days of the lake, or undefined when it has none of them. */
export async function lakeQuery(folder: string, range: DayRange = {}): Promise<string | undefined> {
  const days = await lakeDays(folder, range);
  if (days.length === 0) return undefined;
  const files = days.map((day) => quoted(fileOf(folder, day))).join(", ");
  return `SELECT * FROM read_parquet([${files}], hive_partitioning = false, union_by_name = true)`;
}

/** The events of these days in the order of time. A concurrent deletion of a user may be missed. */
export async function* readLake(folder: string, range: DayRange = {}): AsyncGenerator<EngagementEvent> {
  using database = await openDatabase();
  for (const day of await lakeDays(folder, range)) {
    const query = `SELECT * FROM ${parquet(fileOf(folder, day))} ORDER BY "at", id`;
    for await (const row of rowsOf(database.connection, query)) yield eventOf(row);
  }
}

/** What viewers' digests hold of a table of events, viewer by viewer. */
async function* entriesByUser(
  connection: Database["connection"],
  table: string,
): AsyncGenerator<{ user: string; entries: string[] }> {
  const query = `SELECT "user", "at", type, video, watchedMs, totalMs FROM ${table} ORDER BY "user", "at", id`;
  let current: { user: string; entries: string[] } | undefined;
  for await (const row of rowsOf(connection, query)) {
    const event = row as EngagementEvent;
    if (current?.user !== event.user) {
      if (current) yield current;
      current = { user: event.user, entries: [] };
    }
    current.entries.push(entryOf(event));
  }
  if (current) yield current;
}

const eventOf = (row: Record<string, unknown>) =>
  EngagementEvent.parse(Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)));

const parquet = (file: string) => `read_parquet(${quoted(file)}, hive_partitioning = false)`;

const inUse = (folder: string, cause?: unknown) =>
  new TypedError(
    "LAKE_IN_USE",
    `another process is writing to the lake ${folder}: wait until it has finished`,
    { cause },
  );
