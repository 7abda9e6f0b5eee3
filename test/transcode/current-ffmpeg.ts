import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const script = fileURLToPath(new URL("../../.ci/current-ffmpeg", import.meta.url));
const patienceMs = 180_000;

/**
 * A current ffmpeg, as CI runs the tests with, too.
 * @returns its path, or why there is none
 */
export async function currentFfmpeg(): Promise<{ path: string } | { missing: string }> {
  try {
    const { stdout } = await promisify(execFile)(script, { timeout: patienceMs });
    return { path: stdout.trim() };
  } catch (error) {
    return { missing: `imageio-ffmpeg cannot be fetched: ${(error as Error).message.split("\n")[0]}` };
  }
}
