import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { programOf } from "../../src/transcode/base/programs.ts";

/**
 * Programs that take the part of a machine with one GPU: an nvidia-smi that lists it, and an ffmpeg that does in
 * memory what the real one would do on the card. Faults of a card cannot be caused without one.
 * @param gop frames between the keyframes that its NVENC writes, whatever it is asked for; null: what it is asked for
 * @param sessions encoders that its driver lets all processes together hold open; null: any number
 * @returns a folder for `withFakeGpu`; in its `sessions` each process says how many it holds
 */
export async function fakeGpu(
  folder: string,
  { gop, sessions = null }: { gop: number | null; sessions?: number | null },
): Promise<string> {
  const programs = join(folder, "programs");
  await mkdir(join(programs, "sessions"), { recursive: true });
  await program(
    join(programs, "nvidia-smi"),
    "#!/bin/sh\necho '0, GPU-fake, A card in memory, 1.0, 1000, 900'\n",
  );
  await writeFile(join(programs, "ffmpeg.cjs"), inMemory(gop, sessions));
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

/** Does something on a machine whose GPU and ffmpeg are those of a folder that `fakeGpu` returned. */
export async function withFakeGpu<Result>(programs: string, work: () => Promise<Result>): Promise<Result> {
  const before = { PATH: process.env.PATH, KILN_FFMPEG: process.env.KILN_FFMPEG };
  process.env.PATH = `${programs}:${before.PATH}`;
  process.env.KILN_FFMPEG = join(programs, "ffmpeg");
  try {
    return await work();
  } finally {
    process.env.PATH = before.PATH;
    if (before.KILN_FFMPEG === undefined) delete process.env.KILN_FFMPEG;
    else process.env.KILN_FFMPEG = before.KILN_FFMPEG;
  }
}

/** Holds encoders open on the card in the name of this process, as any other program would. */
export const holdSessions = (programs: string, count: number): Promise<void> =>
  writeFile(join(programs, "sessions", `${process.pid}`), `${count}`);

/** Options of the card go, its filters become those of memory, and NVENC becomes x264 or x265. */
const inMemory = (gop: number | null, sessions: number | null) => `
const { spawnSync } = require("node:child_process");
const { readdirSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const { dirname, join } = require("node:path");
const own = ["-init_hw_device", "-filter_hw_device", "-hwaccel", "-hwaccel_device", "-hwaccel_output_format"];
const words = process.argv.slice(2);
const limit = ${sessions};
const open = join(dirname(process.argv[1]), "sessions");
const lives = (pid) => { try { return process.kill(pid, 0); } catch { return false; } };
const asked = words.filter((word, at) => words[at - 1] === "-c:v" && /_nvenc$/.test(word)).length;
if (limit !== null && asked > 0) {
  writeFileSync(join(open, String(process.pid)), String(asked));
  process.on("exit", () => rmSync(join(open, String(process.pid)), { force: true }));
  const held = readdirSync(open).filter((pid) => lives(Number(pid)));
  if (held.reduce((sum, pid) => sum + Number(readFileSync(join(open, pid), "utf8")), 0) > limit) {
    // libavcodec/nvenc.c, nvenc_open_session and nvenc_setup_device, as a driver with a limit makes it log.
    console.error("[h264_nvenc @ 0x5581] OpenEncodeSessionEx failed: out of memory (10): (no details)");
    console.error("[h264_nvenc @ 0x5581] No capable devices found");
    console.error("Error initializing output stream 0:0 -- Error while opening encoder for output stream #0:0");
    process.exit(1);
  }
}
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
// The real ffmpeg may be a name for PATH, which must not find this program again.
const rest = process.env.PATH.split(":").filter((folder) => folder !== dirname(process.argv[1]));
const { status } = spawnSync(${JSON.stringify(programOf("ffmpeg"))}, kept, { stdio: "inherit", env: { ...process.env, PATH: rest.join(":") } });
process.exit(status ?? 1);
`;
