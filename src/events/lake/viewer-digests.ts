import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { maxEntries, parseEntry } from "../viewer-entry.ts";

/**
 * The newest entries of each viewer (viewer-entry.ts), beside the lake they come from: one look-up instead of a scan.
 * SQLite, because one process writes while others read. What is lost is rebuilt from the lake.
 */
export class ViewerDigests implements Disposable {
  readonly #path: string;
  #open: { database: DatabaseSync; select: StatementSync } | undefined;

  /** @param lake the folder of the lake; where it has no digests yet, `get` knows nobody */
  constructor(lake: string) {
    this.#path = join(lake, "viewers.sqlite");
  }

  get exist(): boolean {
    return existsSync(this.#path);
  }

  /** Entries of one viewer, oldest first. */
  get(user: string): string[] {
    if (this.#open === undefined && !this.exist) return [];
    const row = this.#database().select.get(user) as { entries: string } | undefined;
    return row === undefined ? [] : row.entries.split("\n");
  }

  /** Merges entries into the digests of their viewers, in one transaction. Adding one twice changes nothing. */
  async add(viewers: AsyncIterable<{ user: string; entries: readonly string[] }>): Promise<void> {
    const { database } = this.#database();
    const upsert = database.prepare("INSERT OR REPLACE INTO viewers (user, entries) VALUES (?, ?)");
    database.exec("BEGIN");
    try {
      for await (const { user, entries } of viewers)
        upsert.run(user, merged([...this.get(user), ...entries]).join("\n"));
      database.exec("COMMIT");
    } catch (error) {
      database.exec("ROLLBACK");
      throw error;
    }
  }

  forget(user: string): void {
    this.#database().database.prepare("DELETE FROM viewers WHERE user = ?").run(user);
  }

  [Symbol.dispose](): void {
    this.#open?.database.close();
    this.#open = undefined;
  }

  #database(): { database: DatabaseSync; select: StatementSync } {
    if (this.#open !== undefined) return this.#open;
    const database = new DatabaseSync(this.#path, { timeout: 5_000 });
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA secure_delete = ON;
      CREATE TABLE IF NOT EXISTS viewers (user TEXT PRIMARY KEY, entries TEXT NOT NULL) WITHOUT ROWID;`);
    this.#open = { database, select: database.prepare("SELECT entries FROM viewers WHERE user = ?") };
    return this.#open;
  }
}

function merged(entries: readonly string[]): string[] {
  const at = (entry: string) => parseEntry(entry)?.at ?? 0;
  return [...new Set(entries)].toSorted((one, other) => at(one) - at(other)).slice(-maxEntries);
}
