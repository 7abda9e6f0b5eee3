import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { TypedError } from "../base/typed-error.ts";

/**
 * The SHA-256 (hexadecimal) and the size in bytes of a file, read as a stream.
 * @throws TypedError FILE_NOT_FOUND, NOT_A_FILE, FILE_UNREADABLE
 */
export async function hashFile(
  file: string,
  { signal }: { signal?: AbortSignal } = {},
): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    if (!(await stat(file)).isFile()) throw new TypedError("NOT_A_FILE", `${file} is not a file`);
    for await (const part of createReadStream(file, signal ? { signal } : {}) as AsyncIterable<Buffer>) {
      hash.update(part);
      bytes += part.length;
    }
  } catch (error) {
    if (error instanceof TypedError || signal?.aborted) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new TypedError("FILE_NOT_FOUND", `there is no file ${file}`);
    throw new TypedError("FILE_UNREADABLE", `${file} cannot be read (${code})`, { cause: error });
  }
  return { sha256: hash.digest("hex"), bytes };
}
