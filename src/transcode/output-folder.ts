import { access, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { TypedError } from "../base/typed-error.ts";
import { readManifest } from "./manifest.ts";

/**
 * An existing folder is replaced only if Kiln wrote it.
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

/** An earlier product is moved into the work folder, which is removed. */
export async function moveInto(product: string, out: string, aside: string): Promise<void> {
  const earlier = await access(out).then(
    () => true,
    () => false,
  );
  if (earlier) await rename(out, join(aside, "earlier"));
  await rename(product, out);
}
