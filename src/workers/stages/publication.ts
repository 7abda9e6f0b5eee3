import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Publication, parsePublication } from "../../ic/publish/publication.ts";
import { type Manifest, manifestName, readManifest } from "../../transcode/manifest.ts";

/** What the manifest of a video does not contain. */
export type PublicationFacts = Pick<Publication, "id" | "attempt" | "owner" | "title"> & {
  /** A moderator's decision, in place of the verdict of the analysis. */
  moderation?: Publication["moderation"];
};

/**
 * Reads a folder that `transcode` wrote into what is to be published.
 * @throws TypedError NO_MANIFEST, PUBLICATION_INVALID
 */
export async function readPublication(folder: string, facts: PublicationFacts): Promise<Publication> {
  const manifest = await readManifest(folder);
  const bytes = await readFile(join(folder, manifestName));
  return toPublication(manifest, createHash("sha256").update(bytes).digest("hex"), facts);
}

/** Bytes of each file of a publication, by path. */
export async function productSizes(
  folder: string,
  { files }: { files: readonly { path: string }[] },
): Promise<Map<string, number>> {
  const sizes = await Promise.all(
    files.map(async ({ path }) => [path, (await stat(join(folder, path))).size] as const),
  );
  return new Map(sizes);
}

/** @param manifestSha256 of manifest.json as it lies in the folder, in hex */
export function toPublication(
  manifest: Manifest,
  manifestSha256: string,
  facts: PublicationFacts,
): Publication {
  // There is at least one, the largest first.
  const best = manifest.renditions[0]!;
  return parsePublication({
    ...facts,
    durationMs: Math.round(manifest.duration * 1000),
    width: best.width,
    height: best.height,
    moderation: facts.moderation ?? moderationOf(manifest),
    sound: manifest.audio === null ? "none" : "present",
    renditions: manifest.renditions.map(({ name, width, height, bandwidth, codecs, bytes }) => ({
      name,
      width,
      height,
      bandwidth,
      codecs,
      bytes,
    })),
    hls: manifest.hls,
    dash: manifest.dash,
    posters: manifest.posters.map(({ path, width, height, type }) => ({ path, width, height, type })),
    thumbhash: manifest.thumbhash,
    files: [
      ...manifest.files.map(({ path, contentType, immutable }) => ({ path, contentType, immutable })),
      { path: manifestName, contentType: "application/json", immutable: false },
    ],
    manifestSha256,
  });
}

/** A banned video that is published anyway is marked unsafe. */
function moderationOf({ analysis }: Manifest): Publication["moderation"] {
  if (analysis === null) return "unchecked";
  return analysis.moderation.verdict === "clear" ? "safe" : "unsafe";
}
