import { maxChunkBytes } from "../../base/chunk-bytes.ts";

/** One chunk of one file: positions in the upload's list of files and in the file. */
export type ChunkRef = { file: number; chunk: number };

/** What one put_chunks call carries: at most this many bytes and chunks. */
export type BatchLimit = { bytes: number; chunks: number };

/**
 * The storage canister's limit of bytes per call. The number of chunks is limited so that their Candid overhead
 * (about 20 bytes each) still fits into the platform's 2 MiB message.
 */
export const batchLimit: BatchLimit = { bytes: maxChunkBytes, chunks: 1_000 };

/** Sizes of a file's chunks: all but the last are full. An empty file has one empty chunk. */
export function chunkCount(size: number, chunkBytes: number): number {
  return Math.max(1, Math.ceil(size / chunkBytes));
}

/** Bytes of one chunk of a file of `size` bytes. */
export function chunkSize(size: number, chunkBytes: number, chunk: number): number {
  return Math.min(chunkBytes, size - chunk * chunkBytes);
}

/** Every chunk of files of these sizes, in order. */
export function* allChunks(sizes: readonly number[], chunkBytes: number): Generator<ChunkRef> {
  for (const [file, size] of sizes.entries())
    for (let chunk = 0; chunk < chunkCount(size, chunkBytes); chunk++) yield { file, chunk };
}

/**
 * Distributes chunks over calls, in order, as many as fit into each. A call is never empty; a chunk above the limit
 * gets a call of its own (which the canister refuses).
 * @param sizes of the files of the upload, in bytes
 */
export function* planBatches(
  chunks: Iterable<ChunkRef>,
  sizes: readonly number[],
  chunkBytes: number,
  limit: BatchLimit = batchLimit,
): Generator<ChunkRef[]> {
  let batch: ChunkRef[] = [];
  let bytes = 0;
  for (const ref of chunks) {
    const size = chunkSize(sizes[ref.file] ?? 0, chunkBytes, ref.chunk);
    if (batch.length > 0 && (bytes + size > limit.bytes || batch.length >= limit.chunks)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(ref);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
