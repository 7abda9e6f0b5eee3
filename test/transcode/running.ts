import { readdir, readFile } from "node:fs/promises";

/** Command lines of the ffmpeg and ffprobe processes of this machine that name a file or folder. */
export async function ffmpegsNaming(path: string): Promise<string[]> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "")));
  return lines.filter((line) => /^ff(mpeg|probe)\0/.test(line) && line.includes(path));
}
