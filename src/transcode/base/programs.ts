import { resolve } from "node:path";
import { z } from "zod";
import { TypedError } from "../../base/typed-error.ts";

/** Which ffmpeg and ffprobe are started: a path, or a name that PATH finds. */
export const ProgramSettings = z
  .object({
    KILN_FFMPEG: z.string().default("ffmpeg").meta({
      description:
        "the program that encodes (5.1 or newer): a path, or a name that `PATH` finds; `./kiln` installs no ffmpeg where this and `KILN_FFPROBE` are set",
    }),
    KILN_FFPROBE: z
      .string()
      .default("ffprobe")
      .meta({ description: "the program that probes: a path, or a name that `PATH` finds" }),
  })
  .meta({ title: "Programs" });

const settingOf = { ffmpeg: "KILN_FFMPEG", ffprobe: "KILN_FFPROBE" } as const;
export type Program = keyof typeof settingOf;

/**
 * What to start for ffmpeg or ffprobe. Read from the environment at each start, as PATH is: the programs are a
 * property of the machine, and child processes inherit them.
 * @returns an absolute path, so that it holds in any working directory, or a name for PATH
 */
export function programOf(program: Program): string {
  const setting = settingOf[program];
  const chosen = ProgramSettings.shape[setting].parse(process.env[setting] || undefined);
  return chosen.includes("/") ? resolve(chosen) : chosen;
}

/** FFMPEG_MISSING for a program that could not be started, naming the setting that chose it. */
export function missingProgram(program: Program): TypedError {
  const setting = settingOf[program];
  const chosen = process.env[setting];
  const found = chosen ? `${setting}=${JSON.stringify(chosen)} cannot be run` : `${program} is not installed`;
  return new TypedError("FFMPEG_MISSING", `${found}: ${adviceFor(program)}`);
}

/** What to do about a program that could not be started. */
export function adviceFor(program: Program): string {
  const setting = settingOf[program];
  return process.env[setting]
    ? `set ${setting} to the path of ${program}, or unset it`
    : `apt-get install ffmpeg, or set ${setting} to its path`;
}
