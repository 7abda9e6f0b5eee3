import { randomUUID } from "node:crypto";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LocalnetError } from "./localnet-error.ts";

/**
 * Locks a folder for this process until the lock is disposed of. Takes over the lock of a process that has ended.
 * @throws LocalnetError STATE_IN_USE when a running process holds it
 */
export async function lockFolder(folder: string): Promise<AsyncDisposable> {
  const path = join(folder, "lock");
  const mine = `${process.pid} ${await startOf(process.pid)}`;
  for (;;) {
    if (await placed(path, mine)) {
      return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
    }
    const holder = await readFile(path, "utf8").catch(() => undefined);
    if (holder === undefined) continue;
    if (await lives(holder)) {
      const [pid] = holder.split(" ");
      const message = `${folder} is used by another local network (process ${pid}): stop it or give another folder`;
      throw new LocalnetError("STATE_IN_USE", message);
    }
    await takeAway(path, holder);
  }
}

/** Linking is atomic and includes the content, so a lock without its holder is never read. */
async function placed(path: string, content: string): Promise<boolean> {
  const aside = `${path}.${randomUUID()}`;
  await writeFile(aside, content);
  try {
    await link(aside, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

/** Removes a lock. If another process has replaced it since it was read, puts that process's lock back. */
async function takeAway(path: string, expected: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  if ((await readFile(aside, "utf8")) !== expected) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

async function lives(holder: string): Promise<boolean> {
  const [pid, start] = holder.split(" ");
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return (await startOf(Number(pid))) === start;
}

/** When a process started, in clock ticks since boot: distinguishes it from a later one with the same id. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The second field is the name in brackets, which may hold spaces; the start is the 22nd.
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "unknown";
}
