import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { z } from "zod";
import { syncedWrite } from "../../base/synced-write.ts";
import { TypedError } from "../../base/typed-error.ts";

/**
 * What was kept in a file; null when nothing was, or when another release wrote it in another form.
 * @throws TypedError GPU_STATE_UNUSABLE
 */
export async function recall<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Promise<z.infer<Schema> | null> {
  try {
    return schema.safeParse(JSON.parse(await readFile(path, "utf8"))).data ?? null;
  } catch (error) {
    // What is remembered can be found out again: a damaged file counts as none.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw unusable(path, error);
  }
}

/**
 * Keeps a value; of several processes that write at the same time one wins, whole.
 * @throws TypedError GPU_STATE_UNUSABLE
 */
export async function remember(path: string, value: unknown): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await syncedWrite(path, `${JSON.stringify(value, null, 2)}\n`);
  } catch (cause) {
    throw unusable(path, cause);
  }
}

const unusable = (path: string, cause: unknown) =>
  new TypedError(
    "GPU_STATE_UNUSABLE",
    `what is known of the GPU cannot be kept in ${path}: set KILN_GPU_STATE to a folder that can be written`,
    { cause },
  );
