import { type FileHandle, open } from "node:fs/promises";
import { ReadableStream } from "node:stream/web";
import { setTimeout as sleep } from "node:timers/promises";

const chunkBytes = 256 * 1024;
/** Between two checks of a file that has not grown. */
const pollMs = 40;

/**
 * The bytes of a file that another process is still writing, also before it has been created. The stream fails
 * when the writer starts over.
 * @param ended aborted when the writer has ended; what it wrote until then is read to its end
 */
export function growingFile(path: string, ended: AbortSignal): ReadableStream<Uint8Array> {
  return ReadableStream.from(tail(path, ended));
}

async function* tail(path: string, ended: AbortSignal): AsyncGenerator<Uint8Array> {
  let file: FileHandle | null = null;
  try {
    for (let position = 0; ; ) {
      // Checked before reading, so that nothing written before the end is missed.
      const last = ended.aborted;
      file ??= await openIfThere(path);
      const chunk = new Uint8Array(chunkBytes);
      const { bytesRead } = file ? await file.read(chunk, 0, chunkBytes, position) : { bytesRead: 0 };
      position += bytesRead;
      if (bytesRead > 0) yield chunk.subarray(0, bytesRead);
      else if (file && (await file.stat()).size < position)
        throw new Error(`${path} was written again from the start`);
      else if (last) return;
      else await sleep(pollMs);
    }
  } finally {
    await file?.close();
  }
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
