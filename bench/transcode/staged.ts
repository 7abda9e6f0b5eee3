import { readFileSync } from "node:fs";
import { transcode } from "../../src/transcode/transcode.ts";

/**
 * A program of its own: transcodes a file and prints the CPU seconds of each stage, of itself and of the processes
 * that it waited for. Arguments: the file, the folder, the policy as JSON.
 */
const [file = "", out = "", policy = "{}"] = process.argv.slice(2);

/** Of proc(5) "stat": utime, stime, cutime and cstime in ticks of a hundredth of a second. */
function cpuSeconds(): number {
  const text = readFileSync("/proc/self/stat", "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) / 100, 0);
}

const spent: Record<string, number> = {};
let stage = "start";
let since = 0;
function enter(next: string): void {
  const now = cpuSeconds();
  spent[stage] = (spent[stage] ?? 0) + now - since;
  [stage, since] = [next, now];
}

await transcode(file, {
  out,
  policy: JSON.parse(policy),
  onProgress: ({ stage: next }) => {
    if (next !== stage) enter(next);
  },
});
enter("end");
console.log(JSON.stringify(spent));
