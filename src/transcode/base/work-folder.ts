import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { TypedError } from "../../base/typed-error.ts";

/**
 * A private folder beside `out`, on the same disk so that the product can be renamed; removed when disposed. Leftovers
 * of killed processes for the same `out` are removed, too.
 * @throws TypedError OUT_NOT_WRITABLE
 */
export async function workFolder(out: string): Promise<{ path: string } & AsyncDisposable> {
  const parent = dirname(out);
  const name = `.${basename(out)}.kiln-`;
  try {
    await mkdir(parent, { recursive: true });
    for (const left of await leftBehind(parent, name)) await rm(left, { recursive: true, force: true });
    const path = await mkdtemp(join(parent, `${name}${hostname()}-${process.pid}-`));
    return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOSPC") throw cause;
    throw new TypedError("OUT_NOT_WRITABLE", `cannot write to ${parent}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

async function leftBehind(parent: string, name: string): Promise<string[]> {
  // Whether processes on other hosts that share the disk are alive cannot be known here.
  const own = `${name}${hostname()}-`;
  const entries = (await readdir(parent)).filter((entry) => entry.startsWith(own));
  return entries
    .filter((entry) => {
      const pid = /^([0-9]+)-[^-]+$/.exec(entry.slice(own.length))?.[1];
      return pid !== undefined && !lives(Number(pid));
    })
    .map((entry) => join(parent, entry));
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
