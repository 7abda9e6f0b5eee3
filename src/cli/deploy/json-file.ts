import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { z } from "zod";
import { syncedWrite } from "../../base/synced-write.ts";
import { TypedError } from "../../base/typed-error.ts";

/**
 * @param otherwise what is said of a file that does not fit the schema
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

/** In one step: a killed process leaves the former or the new one, never a part. */
export async function writeJson(file: string, content: unknown): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await syncedWrite(file, `${JSON.stringify(content, undefined, 2)}\n`);
}

/** Undefined where it is no JSON: which fits no schema of what must be there. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
