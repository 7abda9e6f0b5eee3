import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { promisify } from "node:util";
import { programOf } from "../../src/transcode/base/programs.ts";

const run = promisify(execFile);

/** A folder that goes when the test file ends. */
export async function scratch(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "kiln-transcode-"));
  after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs ffmpeg with the given words and returns the path of the last one, the file that it wrote. */
export async function clip(folder: string, name: string, words: string): Promise<string> {
  const path = join(folder, name);
  await run(programOf("ffmpeg"), ["-nostdin", "-v", "error", "-y", ...words.split(" "), path]);
  return path;
}

/** A picture with movement and a tone; `options` follow the inputs. */
export const pattern = (size: string, seconds: number, options = "-c:v libx264 -preset ultrafast") =>
  `-f lavfi -i testsrc2=s=${size}:r=30:d=${seconds} -f lavfi -i sine=d=${seconds} ${options}`;

/** What tests encode with: small and fast, the ladder as it says, and everything that is written is decoded again. */
export const policy = {
  preset: "ultrafast",
  // With a ceiling on its rate, x264 decides the same on every run only in one thread.
  threads: 1,
  ladder: [180, 120],
  perTitle: "off",
  verification: "full",
} as const;
