import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, statfs } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { syncedWrite } from "../base/synced-write.ts";
import { TypedError } from "../base/typed-error.ts";
import type { BlobStore } from "./blob-store.ts";

/** A folder without this file is no blob store: most likely its disk is not mounted. */
const markerName = "kiln-blobs.json";
const Marker = z.object({ id: z.uuid() });

/**
 * The id of the blob store in a folder.
 * @throws TypedError BLOBS_MISSING
 */
export async function blobFolderId(folder: string): Promise<string> {
  try {
    return Marker.parse(JSON.parse(await readFile(join(folder, markerName), "utf8"))).id;
  } catch (cause) {
    throw new TypedError("BLOBS_MISSING", `there is no blob store in ${resolve(folder)} (KILN_BLOBS)`, {
      cause,
    });
  }
}

/** Makes a folder a blob store; what is in it stays. */
export async function createBlobFolder(folder: string, id: string = crypto.randomUUID()): Promise<BlobStore> {
  await mkdir(join(folder, "originals"), { recursive: true });
  await mkdir(join(folder, "products"), { recursive: true });
  await syncedWrite(join(folder, markerName), `${JSON.stringify({ id })}\n`);
  return await folderBlobStore(folder);
}

/**
 * The blob store in a folder: `originals/<video>/original` and `products/<video>/<attempt>/`.
 * @throws TypedError BLOBS_MISSING
 */
export async function folderBlobStore(folder: string): Promise<BlobStore> {
  const id = await blobFolderId(folder);
  const originals = resolve(folder, "originals");
  const products = resolve(folder, "products");
  const productPath = (video: string, attempt: number) => join(products, video, String(attempt));
  const entries = (video: string) => readdir(join(products, video)).catch(noneWhenAbsent);
  return {
    async check() {
      const found = await blobFolderId(folder);
      if (found !== id)
        throw new TypedError(
          "BLOBS_DIFFERENT",
          `${resolve(folder)} holds blob store ${found} instead of ${id}`,
        );
    },
    originalPath: (video) => join(originals, video, "original"),
    hasOriginal: async (video) => existsSync(join(originals, video, "original")),
    productPath,
    videos: async () => (await readdir(products)).sort(),
    async products(video) {
      return (await entries(video))
        .filter((name) => /^[0-9]+$/.test(name))
        .map(Number)
        .filter((attempt) => existsSync(join(productPath(video, attempt), "manifest.json")))
        .sort((a, b) => b - a);
    },
    async dropProductsExcept(video, keep) {
      const dropped = (await entries(video)).filter((name) => name !== String(keep));
      for (const name of dropped) await rm(join(products, video, name), { recursive: true, force: true });
      if (keep === "none") await rm(join(products, video), { recursive: true, force: true });
    },
    async dropOriginal(video) {
      await rm(join(originals, video), { recursive: true, force: true });
    },
    async drop(video) {
      await rm(join(products, video), { recursive: true, force: true });
      await rm(join(originals, video), { recursive: true, force: true });
    },
    async free() {
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    },
  };
}

function noneWhenAbsent(error: NodeJS.ErrnoException): string[] {
  if (error.code === "ENOENT") return [];
  throw error;
}
