import assert from "node:assert/strict";
import { type ChildProcess, spawnSync } from "node:child_process";
import diagnostics from "node:diagnostics_channel";
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { afterEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type FfmpegCommand, ffmpegVersion, runFfmpeg, runFfprobe } from "../../src/transcode/base/ffmpeg.ts";
import { type Program, programOf } from "../../src/transcode/base/programs.ts";
import { clip, pattern, scratch } from "./clip.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = await scratch();
const real = { ffmpeg: programOf("ffmpeg"), ffprobe: programOf("ffprobe") };
const video = await clip(folder, "short.mp4", pattern("160x120", 0.2));

const settings = { KILN_FFMPEG: process.env.KILN_FFMPEG, KILN_FFPROBE: process.env.KILN_FFPROBE };
afterEach(() => {
  for (const [name, value] of Object.entries(settings))
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
});

const drawn: FfmpegCommand = {
  inputOptions: ["-f", "lavfi"],
  input: "testsrc2=size=160x120:rate=30:duration=0.1",
  filterGraph: "[0:v]format=yuv420p[out]",
  outputs: [{ options: ["-map", "[out]", "-c:v", "libx264", "-f", "null"], target: "-" }],
};
const encode = () => runFfmpeg(drawn, { stallMs: 60_000 });

/** A program in a folder whose name has a space: it notes how it was started, then does what the real one does. */
async function noting(program: Program): Promise<{ path: string; starts: () => Promise<string[]> }> {
  const place = join(folder, "of my own");
  const notes = join(place, `${program}.starts`);
  await mkdir(place, { recursive: true });
  await writeFile(notes, "");
  const path = join(place, program);
  await writeFile(path, `#!/bin/sh\necho "$*" >>'${notes}'\nexec '${real[program]}' "$@"\n`);
  await chmod(path, 0o755);
  return { path, starts: async () => (await readFile(notes, "utf8")).split("\n").filter(Boolean) };
}

test("an encode from lavfi starts one process: ffmpeg's lists of formats and encoders are never asked for", async () => {
  const started: ChildProcess[] = [];
  const note = (message: unknown) => started.push((message as { process: ChildProcess }).process);
  diagnostics.subscribe("child_process", note);
  assert.equal((await encode()).frames, 3);
  diagnostics.unsubscribe("child_process", note);
  assert.equal(started.length, 1, started.map(({ spawnargs }) => spawnargs.join(" ")).join("\n"));
  assert.ok(started[0]!.spawnargs.includes("lavfi"));
});

test("KILN_FFMPEG: a relative path with a space", async () => {
  const { path, starts } = await noting("ffmpeg");
  process.env.KILN_FFMPEG = relative(process.cwd(), path);
  assert.equal((await encode()).frames, 3);
  assert.match((await starts()).join("\n"), /-f lavfi .*-i testsrc2=/);
  await ffmpegVersion();
  assert.deepEqual((await starts()).slice(1), ["-version"]);
});

test("KILN_FFPROBE: a relative path holds in every working directory", async () => {
  const { path, starts } = await noting("ffprobe");
  process.env.KILN_FFPROBE = relative(process.cwd(), path);
  const words = ["-show_entries", "stream=codec_name", "-of", "csv=p=0", "short.mp4"];
  assert.match(await runFfprobe(words, { cwd: folder }), /h264/);
  assert.equal((await starts()).length, 1);
});

test("a setting that names no program: FFMPEG_MISSING says which setting", async () => {
  const notExecutable = join(folder, "notes.txt");
  await writeFile(notExecutable, "no program");
  for (const wrong of [join(folder, "nowhere"), "kiln-has-no-such-program", notExecutable, folder]) {
    process.env.KILN_FFMPEG = wrong;
    process.env.KILN_FFPROBE = wrong;
    const says = (setting: string) => ({
      code: "FFMPEG_MISSING",
      final: false,
      message: new RegExp(`^${setting}="[^"]*${basename(wrong)}" cannot be run: set ${setting} to`),
    });
    await assert.rejects(encode(), says("KILN_FFMPEG"));
    await assert.rejects(ffmpegVersion(), says("KILN_FFMPEG"));
    await assert.rejects(runFfprobe([video], {}), says("KILN_FFPROBE"));
  }
});

test("whatever the version, ffmpeg's report says how many frames were decoded", async () => {
  const report = await runFfmpeg(
    { ...drawn, inputOptions: [], input: video, filterGraph: "[0:v]null[out]" },
    { stallMs: 60_000 },
  );
  assert.deepEqual(report, { decoded: 6, concealed: 0, frames: 6 });
});

/** Runs ./kiln where PATH finds neither ffmpeg nor apt, only Node.js and what the launcher itself uses. */
async function onBareMachine(args: readonly string[], environment: Record<string, string>) {
  const programs = join(folder, "bare");
  await mkdir(programs, { recursive: true });
  const found = (name: string) => spawnSync("which", [name], { encoding: "utf8" }).stdout.trim();
  for (const name of [
    "sh",
    "readlink",
    "dirname",
    "mkdir",
    "flock",
    "uname",
    "cmp",
    "id",
    "setpriv",
    "setsid",
    "prlimit",
  ])
    if (!(await readdir(programs)).includes(name)) await symlink(found(name), join(programs, name));
  for (const [name, target] of [
    ["node", process.execPath],
    ["npm", "/bin/false"],
  ] as const)
    if (!(await readdir(programs)).includes(name)) await symlink(target, join(programs, name));
  const { status, stdout, stderr } = spawnSync(join(root, "kiln"), args, {
    encoding: "utf8",
    env: { PATH: programs, ...environment },
  });
  return { status, stdout, stderr };
}

test("the launcher installs ffmpeg unless settings name both programs", async () => {
  const words = ["probe", video, "--json"];
  const none = await onBareMachine(words, {});
  assert.equal(none.status, 1);
  assert.match(none.stderr, /^kiln: missing: ffmpeg \(kiln probe needs it\)/);
  const where = (program: string) =>
    program.includes("/") ? program : spawnSync("which", [program], { encoding: "utf8" }).stdout.trim();
  const [KILN_FFMPEG, KILN_FFPROBE] = [where(real.ffmpeg), where(real.ffprobe)];
  assert.match((await onBareMachine(words, { KILN_FFMPEG })).stderr, /^kiln: missing: ffmpeg /);
  const both = await onBareMachine(words, { KILN_FFMPEG, KILN_FFPROBE });
  assert.deepEqual({ status: both.status, stderr: both.stderr }, { status: 0, stderr: "" });
});

test("doctor tells a wrong KILN_FFMPEG, and tries the encoders of a right one", () => {
  const findings = (environment: Record<string, string>) => {
    const { stdout } = spawnSync(process.execPath, [join(root, "src/cli/main.ts"), "doctor", "--json"], {
      encoding: "utf8",
      env: { ...process.env, ...environment },
    });
    const list: { what: string; state: string; found: string; advice?: string }[] =
      JSON.parse(stdout).findings;
    return (what: string) => list.find((finding) => finding.what === what)!;
  };
  const wrong = findings({ KILN_FFMPEG: "/nowhere/ffmpeg" });
  assert.deepEqual(wrong("ffmpeg"), {
    what: "ffmpeg",
    state: "bad",
    found: "/nowhere/ffmpeg cannot be run",
    advice: "set KILN_FFMPEG to the path of ffmpeg, or unset it",
  });
  assert.equal(wrong("encoder libx264").state, "bad");
  const right = findings({ KILN_FFMPEG: real.ffmpeg });
  for (const what of ["ffmpeg", "ffprobe", "encoder libx264", "encoder aac"])
    assert.equal(right(what).state, "good", what);
});
