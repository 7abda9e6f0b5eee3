import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { LocalFile } from "../upload/local-file.ts";
import type { PlayerScripts } from "./player-page.ts";

/** The files that all player pages share, and how a page refers to them. */
export type PlayerAssets = { uploadId: string; files: LocalFile[]; scripts: PlayerScripts };

/** A file whose name changes with its content. */
export const immutableForever = "public, max-age=31536000, immutable";

const web = new URL("../../../web/player/", import.meta.url);

/** The full build: the light one cannot play audio that has a playlist of its own. */
const hlsLibrary = new URL("./hls.min.mjs", import.meta.resolve("hls.js/dist/hls.min.mjs"));

const sources = [
  { name: "player.js", file: new URL("player.js", web), contentType: "text/javascript; charset=utf-8" },
  {
    name: "storyboard.js",
    file: new URL("storyboard.js", web),
    contentType: "text/javascript; charset=utf-8",
  },
  { name: "player.css", file: new URL("player.css", web), contentType: "text/css; charset=utf-8" },
  { name: "hls.mjs", file: hlsLibrary, contentType: "text/javascript; charset=utf-8" },
  {
    name: "hls.LICENSE.txt",
    file: new URL("../LICENSE", hlsLibrary),
    contentType: "text/plain; charset=utf-8",
  },
] as const;

/** Reads the scripts of the player page; their folder in the canister is named after their content. */
export async function readPlayerAssets(): Promise<PlayerAssets> {
  const contents = await Promise.all(sources.map(({ file }) => readFile(file)));
  const hash = createHash("sha256");
  for (const content of contents) hash.update(createHash("sha256").update(content).digest());
  const version = hash.digest("hex").slice(0, 16);
  const folder = `assets/${version}`;
  return {
    uploadId: `player-assets-${version}`,
    files: sources.map(({ name, file, contentType }) => ({
      path: `/${folder}/${name}`,
      contentType,
      cacheControl: immutableForever,
      source: { kind: "file", file: fileURLToPath(file) },
    })),
    // A page is at /v/<id>/index.html.
    scripts: {
      script: `../../${folder}/player.js`,
      style: `../../${folder}/player.css`,
      library: `../../${folder}/hls.mjs`,
    },
  };
}

/** web/player/index.html */
export async function readPlayerTemplate(): Promise<string> {
  return readFile(new URL("index.html", web), "utf8");
}
