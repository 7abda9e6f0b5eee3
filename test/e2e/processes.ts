import { readdir, readFile } from "node:fs/promises";

/**
 * The processes whose environment holds `NAME=value`: a command that was started with it, and everything that it
 * started in turn, also what has lost its parent. Zombies do not count.
 */
export async function processesWith(variable: string): Promise<{ pid: number; command: string }[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      try {
        const environment = (await readFile(`/proc/${pid}/environ`, "utf8")).split("\0");
        if (!environment.includes(variable)) return [];
        const command = (await readFile(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ").trim();
        return [{ pid: Number(pid), command }];
      } catch {
        // It ended while we looked, or is not ours.
        return [];
      }
    }),
  );
  return found.flat();
}
