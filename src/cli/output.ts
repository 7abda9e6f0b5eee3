import type { RejectionError } from "../transcode/base/rejection.ts";

/**
 * Prints rows as columns padded to their widest cell, on standard output. A cell of several lines continues below.
 */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  for (const line of tableLines(head, rows)) console.log(line);
}

/** The lines of a table. */
export function tableLines(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const lines = [head, ...rows].flatMap(linesOf);
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** Prints rows as a table in Markdown. */
export function printMarkdown(head: readonly string[], rows: readonly (readonly string[])[]): void {
  for (const row of [head, head.map(() => "---"), ...rows]) console.log(`| ${row.join(" | ")} |`);
}

function linesOf(row: readonly string[]): string[][] {
  const cells = row.map((cell) => cell.split("\n"));
  const height = Math.max(...cells.map(({ length }) => length));
  return Array.from({ length: height }, (_, line) => cells.map((cell) => cell[line] ?? ""));
}

const units = ["B", "kB", "MB", "GB", "TB"];

/** 1_234_567 -> "1.2 MB" */
export function formatBytes(bytes: number): string {
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

export const printJson = (document: unknown) => console.log(JSON.stringify(document, null, 2));

/** A refused video as the document of `--json`. */
export function printRejection({ code, message }: RejectionError): void {
  printJson({ status: "rejected", reason: code, message });
  process.exitCode = 1;
}
