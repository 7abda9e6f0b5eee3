import { existsSync } from "node:fs";
import { mkdir, readdir, rm, statfs } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { BlobStore } from "./blob-store.ts";

/**
 * A blob store in a folder, made when it is absent:
 * `originals/<video>/original` and `products/<video>/<attempt>/`.
 */
export async function folderBlobStore(folder: string): Promise<BlobStore> {
  const originals = resolve(folder, "originals");
  const products = resolve(folder, "products");
  await mkdir(originals, { recursive: true });
  await mkdir(products, { recursive: true });
  const productPath = (video: string, attempt: number) => join(products, video, String(attempt));
  const entries = (video: string) => readdir(join(products, video)).catch(noneWhenAbsent);
  return {
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
