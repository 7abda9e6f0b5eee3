import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Programs that take the part of a machine with one GPU: an nvidia-smi that lists it, and an ffmpeg that does in
 * memory what the real one would do on the card. Faults of a card cannot be caused without one.
 * @param gop frames between the keyframes that its NVENC writes, whatever it is asked for; null: what it is asked for
 * @returns a folder for the head of PATH
 */
export async function fakeGpu(folder: string, { gop }: { gop: number | null }): Promise<string> {
  const programs = join(folder, "programs");
  await mkdir(programs);
  await program(
    join(programs, "nvidia-smi"),
    "#!/bin/sh\necho '0, GPU-fake, A card in memory, 1.0, 1000, 900'\n",
  );
  await writeFile(join(programs, "ffmpeg.cjs"), inMemory(gop));
  await program(
    join(programs, "ffmpeg"),
    `#!/bin/sh\nexec '${process.execPath}' '${join(programs, "ffmpeg.cjs")}' "$@"\n`,
  );
  return programs;
}

async function program(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await chmod(path, 0o755);
}

/** Options of the card go, its filters become those of memory, and NVENC becomes x264 or x265. */
const inMemory = (gop: number | null) => `
const { spawnSync } = require("node:child_process");
const { dirname } = require("node:path");
const own = ["-init_hw_device", "-filter_hw_device", "-hwaccel", "-hwaccel_device", "-hwaccel_output_format"];
const words = process.argv.slice(2);
const kept = [];
for (let at = 0; at < words.length; at++) {
  if (own.includes(words[at])) at++;
  else if (words[at] === "-noautorotate") continue;
  else if (words[at] === "-c:v" && /_nvenc$/.test(words[at + 1])) {
    const group = words[words.indexOf("-g", at) + 1];
    const hevc = words[at + 1].startsWith("hevc");
    const x265 = ["libx265", "-x265-params", "scenecut=0:open-gop=0:log-level=error", "-tag:v", "hvc1"];
    kept.push("-c:v", ...(hevc ? x265 : ["libx264", "-sc_threshold", "0"]), "-preset", "ultrafast", "-g", ${gop === null ? "group" : `"${gop}"`});
    const after = ["-color_range", "-f"].map((word) => words.indexOf(word, at)).filter((index) => index > 0);
    at = Math.min(...after) - 1;
  } else kept.push(words[at].replaceAll(/scale_cuda=w=(\\d+):h=(\\d+)[^,[\\]]*/g, "scale=$1:$2").replaceAll(/hw(up|down)load/g, "null"));
}
const rest = process.env.PATH.split(":").filter((folder) => folder !== dirname(process.argv[1]));
const { status } = spawnSync("ffmpeg", kept, { stdio: "inherit", env: { ...process.env, PATH: rest.join(":") } });
process.exit(status ?? 1);
`;
