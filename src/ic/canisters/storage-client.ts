import { Actor, type Agent } from "@dfinity/agent";
import { idlFactory, type _SERVICE as Service } from "@kiln/client/bindings/storage";
import {
  Bytes,
  Count,
  Nothing,
  Optional,
  readReply,
  readResult,
  unauthorized,
} from "@kiln/client/network/reply";
import { type RetryPolicy, withRetry } from "@kiln/client/network/retry";
import { z } from "zod";
import { TypedError } from "../../base/typed-error.ts";

/** How a file is declared to the canister before its bytes are sent. */
export type FileDeclaration = {
  path: string;
  contentType: string;
  cacheControl: string;
  /** Bytes. */
  size: number;
  sha256: Uint8Array;
  chunkSha256: readonly Uint8Array[];
};

/** `attempt` is the fencing number: anything lower than the highest seen for the upload is refused. */
export type UploadDeclaration = {
  uploadId: string;
  attempt: number;
  chunkBytes: number;
  files: readonly FileDeclaration[];
};

/** The part of an upload that every later call names. */
export type UploadRef = { uploadId: string; attempt: number };

export type Chunk = { file: number; chunk: number; bytes: Uint8Array };

export type UploadStatus = z.infer<typeof UploadStatusReply>;
export type FileInfo = z.infer<typeof FileInfoReply>;

/** Options of one call: a signal that aborts it, and a callback for failures that are retried. */
export type CallOptions = {
  signal?: AbortSignal | undefined;
  onTransient?: ((why: string) => void) | undefined;
};

/**
 * The storage canister. Every method is idempotent and retries transient failures. All throw TypedError:
 * UNAUTHORIZED, STALE_ATTEMPT, UPLOAD_NOT_FOUND, UPLOAD_INVALID, CHUNK_MISMATCH, UPLOAD_INCOMPLETE, FILE_MISMATCH,
 * OUT_OF_SPACE, QUOTA_EXCEEDED, UPLOAD_TAKEN_DOWN, and those of `withRetry`.
 */
export type StorageClient = {
  readonly canisterId: string;
  beginUpload(upload: UploadDeclaration, options?: CallOptions): Promise<UploadStatus>;
  putChunks(upload: UploadRef, chunks: readonly Chunk[], options?: CallOptions): Promise<void>;
  /** Missing chunks, in order, at most `limit`. */
  missingChunks(
    upload: UploadRef,
    limit: number,
    options?: CallOptions,
  ): Promise<{ file: number; chunk: number }[]>;
  /** Hashes a bounded number of bytes of files with more than one chunk. */
  hashFiles(upload: UploadRef, options?: CallOptions): Promise<UploadStatus>;
  commit(upload: UploadRef, options?: CallOptions): Promise<UploadStatus>;
  uploadStatus(uploadId: string, options?: CallOptions): Promise<UploadStatus | undefined>;
  /** Metadata of a visible file. */
  get(path: string, options?: CallOptions): Promise<FileInfo | undefined>;
  /** From now on the upload's paths return 410. Its bytes are freed, and only newer attempts may begin it again. */
  deleteUpload(upload: UploadRef, options?: CallOptions): Promise<void>;
  /** The same by a moderator. No attempt may begin it again until `allow`. */
  takeDown(uploadId: string, options?: CallOptions): Promise<void>;
  allow(uploadId: string, options?: CallOptions): Promise<void>;
  /** Drops unfinished uploads that have been idle for that long. @returns how many */
  collectUnfinished(idleSeconds: number, options?: CallOptions): Promise<number>;
  status(options?: CallOptions): Promise<StorageStatus>;
};

/** How full a storage canister is, in bytes; `freeBytes` is how much its limits still allow. */
export type StorageStatus = z.infer<typeof StatusReply>;

const StatusReply = z
  .object({
    files: Count,
    bytes: Count,
    pending_uploads: Count,
    pending_bytes: Count,
    free_bytes: Count,
    gone_paths: Count,
    region_bytes: Count,
    heap_bytes: Count,
    cycles: z.bigint(),
  })
  .transform((status) => ({
    files: status.files,
    bytes: status.bytes,
    pendingUploads: status.pending_uploads,
    pendingBytes: status.pending_bytes,
    freeBytes: status.free_bytes,
    gonePaths: status.gone_paths,
    regionBytes: status.region_bytes,
    heapBytes: status.heap_bytes,
    cycles: status.cycles,
  }));

const UploadStatusReply = z
  .object({
    attempt: Count,
    committed: z.boolean(),
    files: z.number(),
    bytes: Count,
    missing_chunks: Count,
    unhashed_bytes: Count,
  })
  .transform(({ missing_chunks, unhashed_bytes, ...status }) => ({
    ...status,
    missingChunks: missing_chunks,
    unhashedBytes: unhashed_bytes,
  }));

const ChunkIds = z.array(z.object({ file: z.number(), chunk: z.number() }));

const FileInfoReply = z
  .object({
    path: z.string(),
    content_type: z.string(),
    cache_control: z.string(),
    size: Count,
    sha256: Bytes,
    chunk_bytes: z.number(),
    chunks: z.number(),
    upload_id: z.string(),
  })
  .transform((info) => ({
    path: info.path,
    contentType: info.content_type,
    cacheControl: info.cache_control,
    size: info.size,
    sha256: info.sha256,
    chunkBytes: info.chunk_bytes,
    chunks: info.chunks,
    uploadId: info.upload_id,
  }));

const Refusal = z.union([
  z.object({ unauthorized: z.string() }),
  z.object({ stale_attempt: Count }),
  z.object({ upload_not_found: z.null() }),
  z.object({ invalid: z.string() }),
  z.object({ chunk_mismatch: z.object({ file: z.number(), chunk: z.number() }) }),
  z.object({ incomplete: z.object({ missing_chunks: Count, unhashed_bytes: Count }) }),
  z.object({ file_mismatch: z.string() }),
  z.object({ out_of_space: z.null() }),
  z.object({ quota_exceeded: z.string() }),
  z.object({ withdrawn: z.string() }),
]);

/** @param options.canisterId text form of the storage canister's principal */
export function storageClient(options: {
  agent: Agent;
  canisterId: string;
  retry?: RetryPolicy;
}): StorageClient {
  const { agent, canisterId } = options;
  const actor = Actor.createActor<Service>(idlFactory, { agent, canisterId });
  const target = `storage canister ${canisterId}`;
  const call = <Reply>(run: () => Promise<Reply>, { signal, onTransient }: CallOptions = {}) =>
    withRetry(run, { target, policy: options.retry, signal, onTransient });

  async function expect<Value extends z.ZodType>(
    value: Value,
    upload: UploadRef,
    run: () => Promise<unknown>,
    callOptions?: CallOptions,
  ): Promise<z.output<Value>> {
    const reply = readResult(value, Refusal, await call(run, callOptions), target);
    if (reply.kind === "ok") return reply.value;
    throw refused(reply.error, { ...upload, target, caller: (await agent.getPrincipal()).toText() });
  }

  return {
    canisterId,
    beginUpload: (upload, callOptions) =>
      expect(
        UploadStatusReply,
        upload,
        () =>
          actor.begin_upload({
            upload_id: upload.uploadId,
            attempt: BigInt(upload.attempt),
            chunk_bytes: upload.chunkBytes,
            files: upload.files.map((file) => ({
              path: file.path,
              content_type: file.contentType,
              cache_control: file.cacheControl,
              size: BigInt(file.size),
              sha256: file.sha256,
              chunk_sha256: [...file.chunkSha256],
            })),
          }),
        callOptions,
      ),
    putChunks: async (upload, chunks, callOptions) => {
      const put = () => actor.put_chunks(upload.uploadId, BigInt(upload.attempt), [...chunks]);
      await expect(Nothing, upload, put, callOptions);
    },
    missingChunks: (upload, limit, callOptions) =>
      expect(ChunkIds, upload, () => actor.missing_chunks(upload.uploadId, { limit }), callOptions),
    hashFiles: (upload, callOptions) =>
      expect(
        UploadStatusReply,
        upload,
        () => actor.hash_files(upload.uploadId, BigInt(upload.attempt)),
        callOptions,
      ),
    commit: (upload, callOptions) =>
      expect(
        UploadStatusReply,
        upload,
        () => actor.commit(upload.uploadId, BigInt(upload.attempt)),
        callOptions,
      ),
    uploadStatus: async (uploadId, callOptions) =>
      readReply(
        Optional(UploadStatusReply),
        await call(() => actor.upload_status(uploadId), callOptions),
        target,
      ),
    get: async (path, callOptions) =>
      readReply(Optional(FileInfoReply), await call(() => actor.get(path), callOptions), target),
    deleteUpload: async (upload, callOptions) => {
      const remove = () => actor.delete_upload(upload.uploadId, BigInt(upload.attempt));
      await expect(Nothing, upload, remove, callOptions);
    },
    takeDown: async (uploadId, callOptions) => {
      await expect(Nothing, { uploadId, attempt: 0 }, () => actor.take_down(uploadId), callOptions);
    },
    allow: async (uploadId, callOptions) => {
      await expect(Nothing, { uploadId, attempt: 0 }, () => actor.allow(uploadId), callOptions);
    },
    collectUnfinished: (idleSeconds, callOptions) =>
      expect(
        Count,
        { uploadId: "", attempt: 0 },
        () => actor.collect_unfinished({ idle_seconds: idleSeconds }),
        callOptions,
      ),
    status: async (callOptions) =>
      readReply(StatusReply, await call(() => actor.status(), callOptions), target),
  };
}

type Refusal = z.infer<typeof Refusal>;

/** The canister's refusal as an error that says what to do. */
function refused(
  error: Refusal,
  { uploadId, attempt, target, caller }: UploadRef & { target: string; caller: string },
): TypedError {
  if ("unauthorized" in error) return unauthorized({ target, caller, why: error.unauthorized });
  if ("stale_attempt" in error)
    return new TypedError(
      "STALE_ATTEMPT",
      `attempt ${error.stale_attempt} has taken upload ${uploadId} over: this one (${attempt}) stops`,
    );
  if ("upload_not_found" in error)
    return new TypedError(
      "UPLOAD_NOT_FOUND",
      `${target} does not know upload ${uploadId}: start the upload again`,
    );
  if ("invalid" in error)
    return new TypedError("UPLOAD_INVALID", `${target} refuses upload ${uploadId}: ${error.invalid}`);
  if ("chunk_mismatch" in error)
    return new TypedError(
      "CHUNK_MISMATCH",
      `chunk ${error.chunk_mismatch.chunk} of file ${error.chunk_mismatch.file} of upload ${uploadId} does not have the declared SHA-256: start the upload again`,
    );
  if ("incomplete" in error)
    return new TypedError(
      "UPLOAD_INCOMPLETE",
      `upload ${uploadId} lacks ${error.incomplete.missing_chunks} chunks and the hash of ${error.incomplete.unhashed_bytes} bytes: start it again, what has arrived is kept`,
    );
  if ("file_mismatch" in error)
    return new TypedError(
      "FILE_MISMATCH",
      `${error.file_mismatch} of upload ${uploadId} does not have the declared SHA-256: start the upload again`,
    );
  if ("quota_exceeded" in error)
    return new TypedError(
      "QUOTA_EXCEEDED",
      `${target} does not take upload ${uploadId}: ${error.quota_exceeded}. Publish into another storage canister, or have an admin raise the limit`,
    );
  if ("withdrawn" in error)
    return new TypedError("UPLOAD_TAKEN_DOWN", `${target} refuses upload ${uploadId}: ${error.withdrawn}`);
  return new TypedError(
    "OUT_OF_SPACE",
    `${target} is full: delete videos or publish into another storage canister`,
  );
}
