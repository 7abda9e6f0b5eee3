import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setInterval } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { lasting, phoneClips } from "./clips.ts";

const staged = fileURLToPath(new URL("staged.ts", import.meta.url));

/** Bytes that Kiln and all that it started held at most, for a clip and for one that is longer. */
export type Memory = { seconds: number; peak: number }[];

/** A small ladder at the fastest preset: what grows with the length would grow there as well. */
const policy = { ladder: [360, 240], preset: "ultrafast", verification: "full" };

export async function memory(media: string, lengths: readonly number[] = [15, 120]): Promise<Memory> {
  const folder = await mkdtemp(join(tmpdir(), "kiln-bench-"));
  try {
    const { sdr } = await phoneClips(media, { folder, seconds: 5 });
    const results: Memory = [];
    for (const seconds of lengths) {
      const clip = await lasting(sdr, seconds, join(folder, `${seconds}.mp4`));
      const args = [staged, clip, join(folder, `out-${seconds}`), JSON.stringify(policy)];
      results.push({ seconds, peak: await peakOf(process.execPath, args) });
    }
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function peakOf(program: string, args: readonly string[]): Promise<number> {
  const child = spawn(program, args, { stdio: "ignore" });
  const ended = new AbortController();
  const exit = once(child, "exit").finally(() => ended.abort());
  let peak = 0;
  try {
    for await (const _ of setInterval(100, undefined, { signal: ended.signal }))
      peak = Math.max(peak, await residentBytes(child.pid!));
  } catch (error) {
    if (!ended.signal.aborted) throw error;
  }
  const [code] = await exit;
  if (code !== 0) throw new Error(`the transcode that was to be measured ended with code ${code}`);
  return peak;
}

/** Of a process and its descendants; proc(5): the second number of "statm" counts pages that are in memory. */
async function residentBytes(pid: number): Promise<number> {
  const read = (path: string) => readFile(`/proc/${pid}/${path}`, "utf8").catch(() => "");
  const pages = Number((await read("statm")).split(" ")[1] ?? 0);
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const children = await Promise.all(threads.map((thread) => read(`task/${thread}/children`)));
  const below = children.flatMap((line) =>
    line
      .split(" ")
      .filter((word) => word !== "")
      .map(Number),
  );
  const sums = await Promise.all(below.map(residentBytes));
  return sums.reduce((sum, bytes) => sum + bytes, pages * 4096);
}
