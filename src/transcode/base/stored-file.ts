import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, rename, stat, writeFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";

/** A file of the finished folder; `path` is relative to it, with `/`. */
export const StoredFile = z.object({
  path: z.string().regex(/^[\w.-]+(\/[\w.-]+)*$/),
  bytes: z.int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  contentType: z.string(),
  /** Named after its content: may be cached forever. */
  immutable: z.boolean(),
});
export type StoredFile = z.infer<typeof StoredFile>;

const contentTypes: Record<string, string> = {
  ".m3u8": "application/vnd.apple.mpegurl",
  ".mpd": "application/dash+xml",
  ".jpg": "image/jpeg",
  ".webp": "image/webp",
  ".avif": "image/avif",
  ".vtt": "text/vtt",
};

/** Writes a file named after its content: `720p/0.m4s` becomes `720p/0-1a2b3c4d5e6f.m4s`. */
export async function storeContent(
  folder: string,
  path: string,
  content: Uint8Array,
  contentType = contentTypes[extname(path)]!,
): Promise<StoredFile> {
  const sha256 = hash(content);
  const named = nameAfter(path, sha256);
  await write(folder, named, content);
  return { path: named, bytes: content.byteLength, sha256, contentType, immutable: true };
}

/** Moves a file that is too large for memory to a name derived from its content. */
export async function storeMoved(
  folder: string,
  path: string,
  from: string,
  contentType: string,
): Promise<StoredFile> {
  const digest = createHash("sha256");
  await pipeline(createReadStream(from), digest);
  const sha256 = digest.digest("hex");
  const named = nameAfter(path, sha256);
  await mkdir(dirname(join(folder, named)), { recursive: true });
  await rename(from, join(folder, named));
  const { size: bytes } = await stat(join(folder, named));
  return { path: named, bytes, sha256, contentType, immutable: true };
}

/** Writes a text under the given name: a playlist, which may change while its name stays. */
export async function storeText(folder: string, path: string, text: string): Promise<StoredFile> {
  const content = Buffer.from(text);
  await write(folder, path, content);
  return {
    path,
    bytes: content.byteLength,
    sha256: hash(content),
    contentType: contentTypes[extname(path)]!,
    immutable: false,
  };
}

function nameAfter(path: string, sha256: string): string {
  const extension = extname(path);
  return `${path.slice(0, -extension.length)}-${sha256.slice(0, 12)}${extension}`;
}

const hash = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");

async function write(folder: string, path: string, content: Uint8Array): Promise<void> {
  const target = join(folder, path);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, content);
}
