import { z } from "zod";
import type { VideoEntry } from "./indexed-video.ts";
import { gatewayUrl } from "./network/gateway-url.ts";
import { TypedError } from "./typed-error.ts";

/** A published video's files. */
export type Media = {
  /** Of the HLS playlist, for a player. */
  playlist: string;
  poster: string;
  /** Paths of all files, relative to the video's folder. */
  files: readonly string[];
  /** Fetches a file and checks it against the manifest. */
  read(path: string, options?: { signal?: AbortSignal }): Promise<Uint8Array>;
};

/** The part of manifest.json that lists the files. */
const Manifest = z.object({ files: z.array(z.object({ path: z.string(), sha256: z.hash("sha256") })) });

/**
 * Opens a video's files: the manifest is checked against the SHA-256 in the entry, which the index has certified, and
 * every file against the manifest.
 * @param host URL of the network, whose HTTP gateway serves the files
 * @throws TypedError MEDIA_UNREACHABLE, MEDIA_GONE (taken down), MEDIA_MISMATCH (not the bytes that were published)
 */
export async function openMedia(
  host: string,
  entry: Pick<VideoEntry, "storage" | "hls" | "poster" | "manifestSha256">,
  options: { signal?: AbortSignal } = {},
): Promise<Media> {
  const folder = entry.hls.slice(0, entry.hls.lastIndexOf("/"));
  const url = (path: string) => gatewayUrl(host, entry.storage, path);
  const bytes = await download(url(`${folder}/manifest.json`), hex(entry.manifestSha256), options.signal);
  const { files } = Manifest.parse(JSON.parse(new TextDecoder().decode(bytes)));
  const hashes = new Map(files.map(({ path, sha256 }) => [path, sha256]));
  return {
    playlist: url(entry.hls),
    poster: url(entry.poster),
    files: [...hashes.keys()],
    read: async (path, readOptions = {}) => {
      const sha256 = hashes.get(path);
      if (sha256 === undefined) throw new TypedError("MEDIA_MISMATCH", `the manifest lists no ${path}`);
      return download(url(`${folder}/${path}`), sha256, readOptions.signal);
    },
  };
}

async function download(url: string, sha256: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const response = await fetch(url, signal === undefined ? {} : { signal }).catch((cause: unknown) => {
    signal?.throwIfAborted();
    throw new TypedError("MEDIA_UNREACHABLE", `${url} does not answer`, { cause });
  });
  if (response.status === 410) throw new TypedError("MEDIA_GONE", `${url} was taken down`);
  if (!response.ok) throw new TypedError("MEDIA_UNREACHABLE", `${url} answers ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const actual = hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  if (actual !== sha256)
    throw new TypedError("MEDIA_MISMATCH", `${url} has SHA-256 ${actual} instead of ${sha256}`);
  return bytes;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
