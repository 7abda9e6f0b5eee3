import { stripVTControlCharacters } from "node:util";
import type { Progress } from "../../videos/video-update.ts";

/** The progress of a video, or a word for what it waits for or how it ended. */
export type Standing = Progress | string;

export interface ProgressView extends Disposable {
  set(name: string, standing: Standing): void;
}

/**
 * Shows the progress of each name on standard error: on a terminal a line per name, redrawn in place; elsewhere a line per
 * change of stage. Standard output stays free for results.
 */
export function showProgress(
  names: readonly string[],
  output: NodeJS.WriteStream = process.stderr,
): ProgressView {
  const standings = new Map<string, string>(names.map((name) => [name, "waiting"]));
  const width = Math.min(40, Math.max(...names.map(({ length }) => length)));
  let drawn = 0;

  const draw = () => {
    const columns = (output.columns || 80) - 1;
    const lines = [...standings].map(([name, text]) => `  ${name.slice(-width).padEnd(width)}  ${text}`);
    // Moves up to the first line, and clears each line before it is written again.
    const up = drawn > 0 ? `\u001b[${drawn}A` : "";
    output.write(`${up}${lines.map((line) => `\u001b[2K${line.slice(0, columns)}\n`).join("")}`);
    drawn = lines.length;
  };

  return {
    set(name, standing) {
      const text = clean(output.isTTY ? bar(standing) : words(standing));
      if (standings.get(name) === text) return;
      standings.set(name, text);
      if (output.isTTY) draw();
      else output.write(`${name}: ${text}\n`);
    },
    [Symbol.dispose]() {
      if (output.isTTY) draw();
    },
  };
}

const cells = 20;

function bar(standing: Standing): string {
  if (typeof standing === "string") return standing;
  const done = Math.round(standing.fraction * cells);
  const percent = `${Math.floor(standing.fraction * 100)}`.padStart(3);
  return `${standing.stage.padEnd(9)} ${"█".repeat(done)}${"░".repeat(cells - done)} ${percent} %`;
}

const words = (standing: Standing) => (typeof standing === "string" ? standing : standing.stage);

/** A reason may quote a file's name or ffmpeg: control characters in it could change the terminal. */
const clean = (text: string) => stripVTControlCharacters(text).replaceAll("\n", " ");
