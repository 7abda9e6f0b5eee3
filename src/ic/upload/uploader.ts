import type { StorageClient, UploadRef, UploadStatus } from "../canisters/storage-client.ts";
import type { Bandwidth } from "./bandwidth.ts";
import { allChunks, batchLimit, type ChunkRef, planBatches } from "./batches.ts";
import { type Fingerprint, fingerprint, type LocalFile, readChunk } from "./local-file.ts";
import { UploadMeter, type UploadProgress } from "./upload-meter.ts";
import { grow, openWindow, room, shrink, type Window } from "./window.ts";

/** Chunk size in bytes: the limit of the storage canister, which fits into one message. */
const chunkBytes = batchLimit.bytes;

/** Missing chunks requested per call when an upload is resumed. */
const missingPage = 20_000;

/** A file in the canister: size in bytes, SHA-256 in hex. */
export type UploadedFile = { path: string; bytes: number; sha256: string };

/** `sentChunks` and `sentBytes` are 0 if nothing was missing. */
export type UploadReport = {
  files: UploadedFile[];
  sentChunks: number;
  sentBytes: number;
  bandwidth: Bandwidth;
};

export type UploadOptions = {
  storage: StorageClient;
  uploadId: string;
  /** Fencing number: higher for every new try of the same upload. */
  attempt: number;
  files: readonly LocalFile[];
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: UploadProgress) => void) | undefined;
  /** Calls in flight: initially 4, at most 16. */
  window?: { start?: number; max?: number };
};

/**
 * Uploads files to the storage canister and makes them visible all at once. Reads every file twice (to hash it, then to
 * send what is missing), a chunk at a time, so the window bounds the memory, not the size of the files. After a
 * crash, it sends only what the canister lacks; after success, nothing.
 * @throws TypedError as StorageClient and local-file.ts name them; the signal's reason when aborted
 */
export async function upload(options: UploadOptions): Promise<UploadReport> {
  const { storage, files, signal, uploadId, attempt } = options;
  const ref: UploadRef = { uploadId, attempt };
  const prints = await fingerprints(files, signal);
  const sizes = prints.map(({ size }) => size);
  const meter = new UploadMeter(sum(sizes), options.onProgress);

  const status = await storage.beginUpload(
    {
      ...ref,
      chunkBytes,
      files: files.map(({ path, contentType, cacheControl }, index) => ({
        path,
        contentType,
        cacheControl,
        ...prints[index]!,
      })),
    },
    { signal },
  );
  const report = () => ({
    files: files.map(({ path }, index) => ({
      path,
      bytes: sizes[index]!,
      sha256: Buffer.from(prints[index]!.sha256).toString("hex"),
    })),
    sentChunks: meter.sentChunks,
    sentBytes: meter.sentBytes,
    bandwidth: meter.bandwidth(storage.canisterId),
  });
  if (status.committed) {
    meter.enter("done");
    return report();
  }

  meter.enter("send");
  for await (const chunks of missing(storage, ref, status, sizes, signal)) {
    await sendAll(planBatches(chunks, sizes, chunkBytes), { ...options, prints, meter });
  }
  meter.enter("verify");
  // Files of one chunk were hashed on arrival.
  if (sizes.some((size) => size > chunkBytes)) {
    while ((await storage.hashFiles(ref, { signal })).unhashedBytes > 0);
  }
  await storage.commit(ref, { signal });
  meter.enter("done");
  return report();
}

async function fingerprints(
  files: readonly LocalFile[],
  signal: AbortSignal | undefined,
): Promise<Fingerprint[]> {
  const prints: Fingerprint[] = [];
  for (const { source } of files) prints.push(await fingerprint(source, chunkBytes, signal));
  return prints;
}

/** The chunks to send: all for a new upload, else those that the canister lacks, page by page. */
async function* missing(
  storage: StorageClient,
  ref: UploadRef,
  status: UploadStatus,
  sizes: readonly number[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Iterable<ChunkRef>> {
  const all = [...allChunks(sizes, chunkBytes)];
  if (status.missingChunks === all.length) return yield all;
  for (let left = status.missingChunks; left > 0; ) {
    const page = await storage.missingChunks(ref, missingPage, { signal });
    yield page;
    left = page.length < missingPage ? 0 : left - page.length;
  }
}

/** Sends the batches with as many calls in flight as the window allows; the first failure stops the rest. */
async function sendAll(
  batches: Iterable<readonly ChunkRef[]>,
  context: UploadOptions & { prints: readonly Fingerprint[]; meter: UploadMeter },
): Promise<void> {
  const { storage, files, prints, meter, uploadId, attempt } = context;
  const stop = new AbortController();
  const signal = context.signal ? AbortSignal.any([context.signal, stop.signal]) : stop.signal;
  let window: Window = openWindow(context.window);
  let started = 0;

  async function send(batch: readonly ChunkRef[], call: number): Promise<void> {
    const chunks = [];
    for (const { file, chunk } of batch)
      chunks.push({ file, chunk, bytes: await readChunk(files[file]!, prints[file]!, chunkBytes, chunk) });
    const bytes = sum(chunks.map((chunk) => chunk.bytes.length));
    using _ = meter.flight(chunks.length, bytes);
    await storage.putChunks({ uploadId, attempt }, chunks, {
      signal,
      onTransient: () => {
        window = shrink(window, call, started);
        meter.repeated();
      },
    });
    window = grow(window);
    meter.arrived(chunks.length, bytes);
  }

  const inFlight = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for (const batch of batches) {
    while (inFlight.size >= room(window)) await Promise.race(inFlight);
    if (signal.aborted) break;
    const flight: Promise<void> = send(batch, ++started)
      .catch((error: unknown) => {
        failures.push(error);
        stop.abort(error);
      })
      .finally(() => inFlight.delete(flight));
    inFlight.add(flight);
  }
  await Promise.all(inFlight);
  if (failures.length > 0) throw failures[0];
  context.signal?.throwIfAborted();
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
