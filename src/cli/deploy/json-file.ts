import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { z } from "zod";
import { syncedWrite } from "../../base/synced-write.ts";
import { TypedError } from "../../base/typed-error.ts";

/**
 * @param otherwise the rest of the message about a file that does not fit the schema
 * @returns undefined when there is no such file
 * @throws TypedError DEPLOYMENT_INVALID
 */
export async function readJson<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
  otherwise: string,
): Promise<z.output<Schema> | undefined> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const parsed = schema.safeParse(json(text));
  if (parsed.success) return parsed.data;
  throw new TypedError("DEPLOYMENT_INVALID", `${file} ${otherwise}`);
}

/** Atomic: a killed process leaves the former or the new file, never a part. */
export async function writeJson(file: string, content: unknown): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await syncedWrite(file, `${JSON.stringify(content, undefined, 2)}\n`);
}

/** Undefined where the text is not JSON; no schema accepts that. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
