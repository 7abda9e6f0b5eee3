import { createHash, randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Publication } from "../../../src/ic/publish/publication.ts";

/** A made-up video of a few files: what publishing needs to know of it. */
export const publication: Publication = {
  id: "sample",
  attempt: 1,
  owner: "2vxsx-fae",
  title: "A sample",
  durationMs: 4000,
  width: 360,
  height: 640,
  moderation: "unchecked",
  sound: "present",
  renditions: [
    { name: "360p", width: 360, height: 640, bandwidth: 800_000, codecs: "avc1.64001e", bytes: 300_000 },
  ],
  hls: "master.m3u8",
  dash: "manifest.mpd",
  posters: [{ path: "posters/360.jpg", width: 360, height: 640, type: "image/jpeg" }],
  files: [
    { path: "master.m3u8", contentType: "application/vnd.apple.mpegurl", immutable: false },
    { path: "manifest.mpd", contentType: "application/dash+xml", immutable: false },
    { path: "manifest.json", contentType: "application/json", immutable: false },
    { path: "posters/360.jpg", contentType: "image/jpeg", immutable: true },
    { path: "360p/init.mp4", contentType: "video/mp4", immutable: true },
    { path: "360p/0.m4s", contentType: "video/iso.segment", immutable: true },
    { path: "360p/1.m4s", contentType: "video/iso.segment", immutable: true },
  ],
  manifestSha256: "00".repeat(32),
};

/** Bytes of each file of `publication`; one is larger than a chunk of the storage canister, one is empty. */
const sizes: Record<string, number> = { "360p/0.m4s": 4_300_000, "360p/1.m4s": 900_000, "manifest.mpd": 0 };

/** Fills a folder with random files as `publication` lists them, and returns it with the right hash. */
export async function writeSample(folder: string): Promise<Publication> {
  let manifestSha256 = "";
  for (const { path } of publication.files) {
    const bytes = randomBytes(sizes[path] ?? 5_000);
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
    if (path === "manifest.json") manifestSha256 = createHash("sha256").update(bytes).digest("hex");
  }
  return { ...publication, manifestSha256 };
}
