import type { LogLine } from "./execution.ts";

export interface LogRecord extends LogLine {
  /** Counts from 0, including dropped records. */
  index: bigint;
}

/** The last log lines of a canister. */
export class CanisterLog {
  readonly records: LogRecord[];
  #next: bigint;

  constructor(records: LogRecord[] = []) {
    this.records = records;
    this.#next = (records.at(-1)?.index ?? -1n) + 1n;
  }

  /** @param capacity how many bytes are kept */
  append(lines: readonly LogLine[], capacity: number): void {
    for (const { timestamp, content } of lines) {
      this.records.push({ index: this.#next++, timestamp, content: content.slice(0, capacity) });
    }
    let size = this.records.reduce((sum, { content }) => sum + content.length, 0);
    while (size > capacity) size -= this.records.shift()!.content.length;
  }
}
