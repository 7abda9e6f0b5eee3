import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Publication } from "../../src/ic/publish/publication.ts";

/** Puts a manifest with the SHA-256 of every file into a sample's folder; it is wrong about the poster. */
export async function withManifest(folder: string, publication: Publication): Promise<Publication> {
  const files = await Promise.all(
    publication.files
      .filter(({ path }) => path !== "manifest.json")
      .map(async ({ path }) => {
        const bytes = await readFile(join(folder, path));
        return { path, sha256: sha256(path.endsWith(".jpg") ? Buffer.concat([bytes, bytes]) : bytes) };
      }),
  );
  const manifest = JSON.stringify({ files });
  await writeFile(join(folder, "manifest.json"), manifest);
  return { ...publication, manifestSha256: sha256(manifest) };
}

const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");
