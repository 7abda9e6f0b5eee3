import type { Redis } from "ioredis";
import { TypedError } from "../base/typed-error.ts";
import type { BlobStore } from "./blob-store.ts";
import { blobFolderId, createBlobFolder, folderBlobStore } from "./folder-blob-store.ts";
import { VideoStore, videoKeys } from "./video-store.ts";

/** Records that are read to see whether workers have worked before. */
const sample = 100;

/**
 * Opens the blob store that all hosts of a pool share; Redis keeps its id. The first host makes it. After that a folder
 * without it is never taken for an empty one: its disk is not mounted, and every original would seem lost.
 * @param options.create `anew`: an operator has the pool use this folder from now on
 * @throws TypedError BLOBS_MISSING, BLOBS_DIFFERENT
 */
export async function openBlobStore(
  redis: Redis,
  folder: string,
  { create = "once" }: { create?: "once" | "anew" } = {},
): Promise<BlobStore> {
  const known = await redis.get(videoKeys.blobs);
  const id = await blobFolderId(folder).catch(async (error: unknown) => {
    if (create === "once" && (known !== null || (await hasProducts(redis)))) throw error;
    await createBlobFolder(folder);
    return await blobFolderId(folder);
  });
  if (create === "anew") await redis.set(videoKeys.blobs, id);
  else await redis.set(videoKeys.blobs, id, "NX");
  const shared = await redis.get(videoKeys.blobs);
  if (shared !== id)
    throw new TypedError(
      "BLOBS_DIFFERENT",
      `${folder} (KILN_BLOBS) holds blob store ${id}, and the pool uses ${shared}`,
    );
  return await folderBlobStore(folder);
}

/** A pool from a time without markers: somewhere there is a store, even if it is not in this folder. */
async function hasProducts(redis: Redis): Promise<boolean> {
  let read = 0;
  for await (const { product } of new VideoStore(redis).records(() => {})) {
    if (product !== undefined) return true;
    if (++read === sample) break;
  }
  return false;
}
