import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { EngagementEvent } from "../event.ts";
import { type Column, columnNames, columns } from "./columns.ts";

export type Database = { connection: DuckDBConnection } & Disposable;

/**
 * Opens DuckDB, with bounds that leave the machine to others.
 * @param path of a database file; without one it lives in memory
 */
export async function openDatabase(path = ":memory:"): Promise<Database> {
  const instance = await DuckDBInstance.create(path, {
    memory_limit: "1GB",
    threads: "2",
    // What does not fit into memory: DuckDB makes the folder when it needs it, and removes it.
    temp_directory: join(tmpdir(), `kiln-duckdb-${randomUUID()}`),
  });
  const connection = await instance.connect();
  return {
    connection,
    [Symbol.dispose]() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** A text as SQL quotes it: COPY takes no parameters. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** How many rows a writer holds before it hands them to DuckDB. */
const flushed = 50_000;

/** Appends events to a table that has the lake's columns. */
export async function appendEvents(
  connection: DuckDBConnection,
  table: string,
  events: AsyncIterable<EngagementEvent> | Iterable<EngagementEvent>,
): Promise<number> {
  const appender = await connection.createAppender(table);
  let appended = 0;
  try {
    for await (const event of events) {
      for (const name of columnNames) appendValue(event as Partial<Record<Column, string | number>>, name);
      appender.endRow();
      if (++appended % flushed === 0) appender.flushSync();
    }
  } finally {
    // Also when the events break off: one that is left open would append its rest at some later time.
    appender.closeSync();
  }
  return appended;

  function appendValue(row: Partial<Record<Column, string | number>>, name: Column) {
    const value = row[name];
    if (value === undefined) appender.appendNull();
    else if (columns[name] === "BIGINT") appender.appendBigInt(BigInt(value));
    else if (columns[name] === "DOUBLE") appender.appendDouble(Number(value));
    else appender.appendVarchar(String(value));
  }
}

/** The rows of a query one by one, large integers as numbers; DuckDB hands them over in chunks. */
export async function* rowsOf(
  connection: DuckDBConnection,
  query: string,
): AsyncGenerator<Record<string, unknown>> {
  const result = await connection.stream(query);
  for await (const rows of result.yieldRowObjectJs())
    for (const row of rows)
      yield Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, typeof value === "bigint" ? Number(value) : value]),
      );
}
