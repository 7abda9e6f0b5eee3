import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * User and system time of a program and all that it waited for, in seconds.
 * @source POSIX `times`: those of the shell's children are on the second line
 */
export async function cpuSeconds(
  program: string,
  args: readonly string[],
  settings: Record<string, string> = {},
): Promise<number> {
  const script = '"$@" >/dev/null || exit 1; times';
  const env = { ...process.env, ...settings };
  const { stdout } = await run("sh", ["-c", script, "sh", program, ...args], { env });
  const [, children = ""] = stdout.trim().split("\n");
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
    0,
  );
}
