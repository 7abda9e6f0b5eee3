import { copyFileSync, linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { TypedError } from "../../base/typed-error.ts";
import type { Progressive } from "./progressive.ts";

/** Handlers for segments and playlists; `discard` removes the folder and its content. */
export type GrowingFolder = Pick<Progressive, "onSegment"> & {
  onPlaylist: NonNullable<Progressive["onPlaylist"]>;
  discard: () => void;
};

/**
 * A folder that can be served while the encode runs: it begins with `master.m3u8` as soon as something can be
 * played. Written at once and in order, so that no playlist is there before what it names.
 * @throws TypedError OUT_NOT_EMPTY, OUT_NOT_WRITABLE
 */
export async function growingFolder(folder: string): Promise<GrowingFolder> {
  const entries = await readdir(await made(folder));
  if (entries.length > 0)
    throw new TypedError("OUT_NOT_EMPTY", `${folder} holds other files: name a new or empty folder`);
  const place = (path: string) => {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    return target;
  };
  return {
    onSegment({ file, path }) {
      const target = place(file.path);
      try {
        linkSync(path, target);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
        // Another disk.
        copyFileSync(path, target);
      }
    },
    onPlaylist({ path, text }) {
      const target = place(path);
      // A reader finds the previous or this one, never half of it.
      writeFileSync(`${target}.new`, text);
      renameSync(`${target}.new`, target);
    },
    discard: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function made(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true }).catch((cause) => {
    throw new TypedError("OUT_NOT_WRITABLE", `cannot write to ${folder}: ${cause.message}`, { cause });
  });
  return folder;
}
