import { access, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { TypedError } from "../telemetry/typed-error.ts";
import { readManifest } from "./manifest.ts";

/**
 * An existing folder is replaced only when we wrote it.
 * @throws TypedError OUT_NOT_EMPTY, OUT_NOT_WRITABLE
 */
export async function refuseForeign(out: string): Promise<void> {
  const entries = await readdir(out).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new TypedError("OUT_NOT_WRITABLE", `${out} is not a folder: name another --out`, { cause: error });
  });
  if (entries.length === 0) return;
  await readManifest(out).catch((cause) => {
    throw new TypedError("OUT_NOT_EMPTY", `${out} holds other files: name a new or empty folder`, { cause });
  });
}

/** A private folder beside `out`, on the same disk so that the product can be renamed; goes when disposed. */
export async function workFolder(out: string): Promise<{ path: string } & AsyncDisposable> {
  const parent = dirname(out);
  try {
    await mkdir(parent, { recursive: true });
    const path = await mkdtemp(join(parent, `.${basename(out)}.kiln-`));
    return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOSPC") throw cause;
    throw new TypedError("OUT_NOT_WRITABLE", `cannot write to ${parent}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** An earlier product goes aside into the work folder, which is removed. */
export async function moveInto(product: string, out: string, aside: string): Promise<void> {
  const earlier = await access(out).then(
    () => true,
    () => false,
  );
  if (earlier) await rename(out, join(aside, "earlier"));
  await rename(product, out);
}
