import { createHash } from "node:crypto";
import type { _SERVICE, Chunk, File, Upload } from "@kiln/client/bindings/storage";

/** A file to upload. */
export type Sample = { path: string; bytes: Uint8Array; contentType?: string; cacheControl?: string };

export const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();

/** Bytes that are the same for the same seed and differ for different seeds. */
export function noise(seed: string, size: number): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(size / 32) }, (_, index) =>
    createHash("sha256").update(`${seed} ${index}`).digest(),
  );
  return Uint8Array.from(Buffer.concat(blocks).subarray(0, size));
}

export const chunkBytes = 1000;

/** An empty file has one empty chunk. */
export function chunksOf(bytes: Uint8Array): Uint8Array[] {
  const count = Math.max(1, Math.ceil(bytes.length / chunkBytes));
  return Array.from({ length: count }, (_, index) =>
    bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes),
  );
}

export function declare(sample: Sample): File {
  const { path, bytes, contentType = "video/mp4" } = sample;
  const { cacheControl = "public, max-age=31536000, immutable" } = sample;
  return {
    path,
    content_type: contentType,
    cache_control: cacheControl,
    size: BigInt(bytes.length),
    sha256: sha256(bytes),
    chunk_sha256: chunksOf(bytes).map(sha256),
  };
}

export function upload(uploadId: string, attempt: number, samples: readonly Sample[]): Upload {
  return {
    upload_id: uploadId,
    attempt: BigInt(attempt),
    chunk_bytes: chunkBytes,
    files: samples.map(declare),
  };
}

/** Every chunk of every file, in order. */
export function allChunks(samples: readonly Sample[]): Chunk[] {
  return samples.flatMap(({ bytes }, file) =>
    chunksOf(bytes).map((part, chunk) => ({ file, chunk, bytes: part })),
  );
}

/** The canister's status without the parts that change by themselves. */
export async function kept(storage: _SERVICE) {
  const { heap_bytes: _, cycles: __, ...status } = await storage.status();
  return status;
}
