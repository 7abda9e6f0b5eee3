import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

export const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

type Ran = { code: number; stdout: string; stderr: string };

/** Runs kiln in a folder that is also its home (.kiln), without the settings of the person who runs the tests. */
export const kiln = (cwd: string, ...args: string[]): Promise<Ran> => kilnAhead(0, cwd, ...args);

/** The same, with a clock that is so many milliseconds ahead. */
export function kilnAhead(ahead: number, cwd: string, ...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const { argv, env } = clockAhead(ahead);
    execFile(
      process.execPath,
      [...argv, main, ...args],
      { cwd, env: { ...env, KILN_HOME: `${cwd}/.kiln` } },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

/** Options of node and environment of a program whose clock is so many milliseconds ahead. */
export function clockAhead(milliseconds: number): { argv: string[]; env: NodeJS.ProcessEnv } {
  const { PATH } = process.env;
  if (milliseconds === 0) return { argv: [], env: { PATH } };
  const preload = new URL("clock-ahead.ts", import.meta.url).href;
  return { argv: ["--import", preload], env: { PATH, CLOCK_AHEAD_MS: `${milliseconds}` } };
}
