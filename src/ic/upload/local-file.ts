import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { TypedError } from "../../base/typed-error.ts";
import { chunkCount, chunkSize } from "./batches.ts";

/** The bytes of a file to upload: on disk, or in memory if generated during publishing. */
export type Source = { kind: "file"; file: string } | { kind: "bytes"; bytes: Uint8Array };

/** A file to upload: its path in the canister, how it is served, and its bytes. */
export type LocalFile = {
  /** Absolute URL path in the storage canister. */
  path: string;
  contentType: string;
  cacheControl: string;
  source: Source;
};

/**
 * How a file is declared to the canister before its bytes are sent: size in bytes, SHA-256 of the whole and of each
 * chunk.
 */
export type Fingerprint = { size: number; sha256: Uint8Array; chunkSha256: Uint8Array[] };

/**
 * Reads a source once, with only one chunk in memory at a time.
 * @throws TypedError FILE_UNREADABLE
 */
export async function fingerprint(
  source: Source,
  chunkBytes: number,
  signal?: AbortSignal,
): Promise<Fingerprint> {
  await using reader = await openSource(source);
  const { size } = reader;
  const buffer = Buffer.allocUnsafe(Math.min(size, chunkBytes));
  const whole = createHash("sha256");
  const chunkSha256: Uint8Array[] = [];
  for (let chunk = 0; chunk < chunkCount(size, chunkBytes); chunk++) {
    signal?.throwIfAborted();
    const bytes = buffer.subarray(0, chunkSize(size, chunkBytes, chunk));
    await reader.read(bytes, chunk * chunkBytes);
    chunkSha256.push(sha256(bytes));
    if (size > chunkBytes) whole.update(bytes);
  }
  return { size, sha256: size > chunkBytes ? whole.digest() : chunkSha256[0]!, chunkSha256 };
}

/**
 * The bytes of one chunk, checked against the fingerprint taken earlier.
 * @throws TypedError FILE_CHANGED, FILE_UNREADABLE
 */
export async function readChunk(
  file: LocalFile,
  { size, chunkSha256 }: Fingerprint,
  chunkBytes: number,
  chunk: number,
): Promise<Uint8Array> {
  await using reader = await openSource(file.source);
  const bytes = Buffer.allocUnsafeSlow(chunkSize(size, chunkBytes, chunk));
  if (reader.size !== size) throw changed(file.source);
  await reader.read(bytes, chunk * chunkBytes);
  if (!sha256(bytes).equals(chunkSha256[chunk] ?? new Uint8Array())) throw changed(file.source);
  return bytes;
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}

type Reader = AsyncDisposable & {
  /** Size in bytes. */
  size: number;
  /** Fills `into` from `position` on. */
  read(into: Buffer, position: number): Promise<void>;
};

async function openSource(source: Source): Promise<Reader> {
  if (source.kind === "bytes") {
    const { bytes } = source;
    return {
      size: bytes.length,
      read: async (into, position) => {
        into.set(bytes.subarray(position, position + into.length));
      },
      [Symbol.asyncDispose]: async () => {},
    };
  }
  const handle = await open(source.file, "r").catch((cause: unknown) => {
    throw unreadable(source.file, cause);
  });
  return {
    size: (await handle.stat()).size,
    read: (into, position) => readFully(handle, into, position, source),
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

/** A read may return less than requested. If the file ends before `into` is full, it has shrunk. */
async function readFully(handle: FileHandle, into: Buffer, position: number, source: Source): Promise<void> {
  for (let filled = 0; filled < into.length; ) {
    const { bytesRead } = await handle
      .read(into, filled, into.length - filled, position + filled)
      .catch((cause: unknown) => {
        throw unreadable(nameOf(source), cause);
      });
    if (bytesRead === 0) throw changed(source);
    filled += bytesRead;
  }
}

function nameOf(source: Source): string {
  return source.kind === "file" ? source.file : "a file in memory";
}

function changed(source: Source): TypedError {
  return new TypedError(
    "FILE_CHANGED",
    `${nameOf(source)} changed while it was being uploaded: nothing of it has become visible, start again`,
  );
}

function unreadable(file: string, cause: unknown): TypedError {
  return new TypedError("FILE_UNREADABLE", `${file} cannot be read: ${(cause as Error).message}`, { cause });
}
