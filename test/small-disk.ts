import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A file system of its own that is really full when it is full; only root may mount one. */
export type SmallDisk = { path: string; resize: (bytes: number) => Promise<void> } & AsyncDisposable;

/** Why a test with a small disk cannot run here; false where it can. */
export const noSmallDisk = process.getuid?.() !== 0 && "only root can mount a small disk";

export async function smallDisk(bytes: number): Promise<SmallDisk> {
  const path = await mkdtemp(join(tmpdir(), "kiln-disk-"));
  await run("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", path]);
  return {
    path,
    async resize(size) {
      await run("mount", ["-o", `remount,size=${size}`, path]);
    },
    async [Symbol.asyncDispose]() {
      await run("umount", [path]);
      await rm(path, { recursive: true });
    },
  };
}
