import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";
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

/** Endings by which the storage canister knows a file's encodings (canisters/storage/Answers.mo). */
const encodings = [
  { ending: ".br", contentType: "application/x-brotli", compress: promisify(brotliCompress) },
  {
    ending: ".gz",
    contentType: "application/gzip",
    compress: (bytes: Buffer) => promisify(gzip)(bytes, { level: 9 }),
  },
];

/** Less fits into the first packets of a connection anyhow. */
const worthCompressing = 4096;

let assets: Promise<PlayerAssets> | undefined;

/** The scripts of the player page, plain and compressed; their folder in the canister is named after their content. */
export function readPlayerAssets(): Promise<PlayerAssets> {
  assets ??= makePlayerAssets();
  return assets;
}

async function makePlayerAssets(): Promise<PlayerAssets> {
  const files = (await Promise.all(sources.map(withEncodings))).flat();
  const hash = createHash("sha256");
  // Compressed bytes too: another version of the compressor writes others.
  for (const { bytes } of files) hash.update(createHash("sha256").update(bytes).digest());
  const version = hash.digest("hex").slice(0, 16);
  const folder = `assets/${version}`;
  return {
    uploadId: `player-assets-${version}`,
    files: files.map(({ name, contentType, bytes }) => ({
      path: `/${folder}/${name}`,
      contentType,
      cacheControl: immutableForever,
      source: { kind: "bytes", bytes },
    })),
    // A page is at /v/<id>/index.html.
    scripts: {
      script: `../../${folder}/player.js`,
      style: `../../${folder}/player.css`,
      library: `../../${folder}/hls.mjs`,
    },
  };
}

type Asset = { name: string; contentType: string; bytes: Buffer };

async function withEncodings({ name, file, contentType }: (typeof sources)[number]): Promise<Asset[]> {
  const bytes = await readFile(file);
  const plain = { name, contentType, bytes };
  if (bytes.length < worthCompressing) return [plain];
  const compressed = encodings.map(async ({ ending, contentType, compress }) => ({
    name: `${name}${ending}`,
    contentType,
    bytes: await compress(bytes),
  }));
  return [plain, ...(await Promise.all(compressed))];
}

/** web/player/index.html */
export async function readPlayerTemplate(): Promise<string> {
  return readFile(new URL("index.html", web), "utf8");
}
