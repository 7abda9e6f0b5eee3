import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";

/** ffmpeg's totals for a finished part. */
export const PartReport = z.object({
  frames: z.int().min(0),
  decoded: z.int().min(0).nullable(),
  concealed: z.int().min(0),
});
export type PartReport = z.infer<typeof PartReport>;

const reportName = "report.json";
/** No attempt continues after more than a week. */
const keptMs = 7 * 24 * 3600 * 1000;

/** Folder of a finished part: named after everything that determines its content, so that a later attempt finds it. */
export const partFolder = (folder: string, key: string): string => join(folder, key);

/** The report of a part that was finished before; null when there is none. */
export async function finishedPart(path: string): Promise<PartReport | null> {
  try {
    return PartReport.parse(JSON.parse(await readFile(join(path, reportName), "utf8")));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    // Damaged: it is made again.
    await rm(path, { recursive: true, force: true });
    return null;
  }
}

/** A private folder in which a part is made; removed when disposed, unless it was kept. */
export async function draft(folder: string): Promise<{ path: string } & AsyncDisposable> {
  await mkdir(folder, { recursive: true });
  const path = await mkdtemp(join(folder, `.${hostname()}.${process.pid}.`));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Moves a finished part to its place in one step; if another process has finished the same part, that one stays. */
export async function keepPart(made: string, path: string, report: PartReport): Promise<void> {
  await writeFile(join(made, reportName), JSON.stringify(report));
  await rename(made, path).catch(async (error: NodeJS.ErrnoException) => {
    if (!["ENOTEMPTY", "EEXIST"].includes(error.code ?? "")) throw error;
  });
}

/** Removes unused parts: drafts of processes that have ended, and everything older than a week. */
export async function sweep(folder: string, now = Date.now()): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const made = await stat(path).catch(() => null);
    if (made !== null && (abandoned(name) || now - made.mtimeMs > keptMs))
      await rm(path, { recursive: true, force: true });
  }
}

function abandoned(name: string): boolean {
  const [, host, pid] = /^\.(.+)\.(\d+)\.\w+$/.exec(name) ?? [];
  if (host !== hostname()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
