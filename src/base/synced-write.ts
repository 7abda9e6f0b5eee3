import { randomUUID } from "node:crypto";
import { open, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** Replaces a file in one step: a reader, and a crash, find the former or the new content, never a part. */
export async function syncedWrite(path: string, content: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await writeFile(aside, content, { flush: true });
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
  await synced(dirname(path));
}

/** Brings a file, or the names in a folder, to the disk. */
export async function synced(path: string): Promise<void> {
  await using opened = await open(path);
  await opened.sync();
}
