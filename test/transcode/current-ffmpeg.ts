import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
/** Kept between runs: the package has 70 MB. */
const cache = join(tmpdir(), "kiln-current-ffmpeg");
const patienceMs = 180_000;

/**
 * A current ffmpeg, out of the Python package imageio-ffmpeg: Debian's lacks av1_nvenc and some CUDA filters.
 * @returns its path, or why there is none
 */
export async function currentFfmpeg(): Promise<{ path: string } | { missing: string }> {
  const known = await binary(cache);
  if (known !== null) return { path: known };
  await mkdir(tmpdir(), { recursive: true });
  const folder = await mkdtemp(`${cache}-`);
  try {
    const python = (args: string[]) => run("python3", args, { cwd: folder, timeout: patienceMs });
    await python(["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "imageio-ffmpeg"]);
    const [wheel] = await readdir(folder);
    await python(["-m", "zipfile", "-e", wheel!, "."]);
    await run("chmod", ["+x", (await binary(folder))!]);
    // Another test run may have been faster; its folder serves as well.
    await rename(folder, cache).catch(() => rm(folder, { recursive: true, force: true }));
    return { path: (await binary(cache))! };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    return { missing: `imageio-ffmpeg cannot be fetched: ${(error as Error).message.split("\n")[0]}` };
  }
}

async function binary(folder: string): Promise<string | null> {
  const binaries = join(folder, "imageio_ffmpeg/binaries");
  const files = await readdir(binaries).catch(() => []);
  const name = files.find((file) => file.startsWith("ffmpeg-"));
  return name === undefined ? null : join(binaries, name);
}
