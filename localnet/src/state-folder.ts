import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { lockFolder } from "./folder-lock.ts";
import { LocalnetError } from "./localnet-error.ts";

/** The format that this version writes; newer ones are refused. */
const version = 1;
const descriptionSchema = z.object({ version: z.int() });

/**
 * Creates the folder if it is missing, checks that this version can read it, and locks it.
 * @throws LocalnetError STATE_UNWRITABLE, STATE_TOO_NEW, STATE_UNREADABLE, STATE_IN_USE
 */
export async function openStateFolder(folder: string): Promise<AsyncDisposable> {
  const description = join(folder, "localnet.json");
  try {
    await mkdir(folder, { recursive: true });
    // Opening for appending creates the file, and fails if the folder is not writable.
    await writeFile(description, "", { flag: "a" });
  } catch (cause) {
    const message = `${folder} cannot be written: give another state folder (${(cause as Error).message})`;
    throw new LocalnetError("STATE_UNWRITABLE", message, { cause });
  }
  const lock = await lockFolder(folder);
  try {
    await checkVersion(folder, description);
    return lock;
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

async function checkVersion(folder: string, description: string): Promise<void> {
  const text = await readFile(description, "utf8");
  if (text === "") {
    await writeFile(description, JSON.stringify({ version }));
    return;
  }
  let found: number;
  try {
    found = descriptionSchema.parse(JSON.parse(text)).version;
  } catch (cause) {
    throw new LocalnetError("STATE_UNREADABLE", `${folder} is not a state folder: give another one`, {
      cause,
    });
  }
  if (found > version) {
    const message = `${folder} was written by a newer Kiln: use that one, or give another state folder`;
    throw new LocalnetError("STATE_TOO_NEW", message);
  }
}
