import { readdir, readFile } from "node:fs/promises";
import { programOf } from "../../src/transcode/base/programs.ts";

/** Whether a command line, as /proc has it, is that of ffmpeg. */
export const isFfmpeg = (line: string): boolean => line.startsWith(`${programOf("ffmpeg")}\0`);

/** Command lines of the ffmpeg and ffprobe processes of this machine that name a file or folder. */
export async function ffmpegsNaming(path: string): Promise<string[]> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "")));
  return lines.filter(
    (line) => (isFfmpeg(line) || line.startsWith(`${programOf("ffprobe")}\0`)) && line.includes(path),
  );
}
