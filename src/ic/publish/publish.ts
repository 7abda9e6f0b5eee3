import { join } from "node:path";
import { type IndexedVideo, isTakenDown, type VideoEntry } from "@kiln/client/indexed-video";
import { TypedError } from "../../base/typed-error.ts";
import type { IndexClient } from "../canisters/index-client.ts";
import type { StorageClient } from "../canisters/storage-client.ts";
import { type Bandwidth, byBucket } from "../upload/bandwidth.ts";
import type { LocalFile } from "../upload/local-file.ts";
import type { UploadProgress } from "../upload/upload-meter.ts";
import { type UploadedFile, upload } from "../upload/uploader.ts";
import { immutableForever, readPlayerAssets, readPlayerTemplate } from "./player-assets.ts";
import { type PlayerScripts, plainPoster, playerPage } from "./player-page.ts";
import { type Publication, parsePublication } from "./publication.ts";

/** Playlists and pages may change: caches revalidate after a minute. */
const minute = "public, max-age=60";

/** The upload of a video's own files in the storage canister. */
export function videoUploadId(id: string): string {
  return `video-${id}`;
}

export type Published = {
  entry: IndexedVideo;
  /** Everything that the player page needs, including the shared scripts. */
  files: UploadedFile[];
  /** What this run sent: 0 if nothing was missing. */
  sentChunks: number;
  sentBytes: number;
  /** One per storage canister. */
  bandwidth: Bandwidth[];
};

/**
 * Uploads a finished video with its player page, makes all of it visible in one commit, then enters it into
 * the index as ReadyToView. Idempotent: after a crash it resumes, after success it sends nothing.
 * @param options.folder holds the files that the publication lists
 * @throws TypedError VIDEO_TAKEN_DOWN, and those of `upload` and of the clients
 */
export async function publishVideo(options: {
  storage: StorageClient;
  index: IndexClient;
  publication: Publication;
  folder: string;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: UploadProgress) => void) | undefined;
}): Promise<Published> {
  const { storage, index, folder, signal, onProgress } = options;
  const publication = parsePublication(options.publication);
  const { id, attempt } = publication;
  const known = await index.get(id, { signal });
  if (known !== undefined && isTakenDown(known.status)) throw takenDown(known);

  const assets = await readPlayerAssets();
  const shared = await upload({
    storage,
    uploadId: assets.uploadId,
    attempt: 1,
    files: assets.files,
    signal,
  });
  const own = await upload({
    storage,
    uploadId: videoUploadId(id),
    attempt,
    files: await filesToUpload(publication, folder, assets.scripts, storage.canisterId),
    signal,
    onProgress,
  });
  const entry = await enter(
    index,
    entryOf(publication, storage.canisterId, own.files),
    publication.moderation,
    signal,
  );
  if (isTakenDown(entry.status)) {
    // Taken down between the commit and the entry: the takedown may have reached the files before the commit did.
    await storage.deleteUpload({ uploadId: videoUploadId(id), attempt }, { signal });
    throw takenDown(entry);
  }
  return {
    entry,
    files: [...shared.files, ...own.files],
    sentChunks: shared.sentChunks + own.sentChunks,
    sentBytes: shared.sentBytes + own.sentBytes,
    bandwidth: byBucket([shared.bandwidth, own.bandwidth]),
  };
}

/**
 * Enters a video with its moderation result, so that an unsafe video is marked before it can be seen. A moderator's
 * earlier decision is kept.
 */
async function enter(
  index: IndexClient,
  video: VideoEntry,
  moderation: Publication["moderation"],
  signal: AbortSignal | undefined,
): Promise<IndexedVideo> {
  const { id, status } = video;
  const held = moderation === "unsafe" ? "CheckingExplicitness" : status;
  const entered = await index.upsert({ ...video, status: held }, { signal });
  const marked =
    moderation === "unchecked" || entered.moderation !== "unchecked"
      ? entered
      : await index.setModeration(id, moderation, { signal });
  if (held === status || marked.status !== held) return marked;
  try {
    return await index.setStatus(id, status, { signal });
  } catch (error) {
    const now = await index.get(id, { signal });
    if (now !== undefined && isTakenDown(now.status)) return now;
    throw error;
  }
}

function takenDown({ id, status }: IndexedVideo): TypedError {
  return new TypedError("VIDEO_TAKEN_DOWN", `video ${id} is ${status}: it is not published again`);
}

/** URL path of the folder that holds a video's files. */
function home(id: string): string {
  return `/v/${id}`;
}

async function filesToUpload(
  publication: Publication,
  folder: string,
  scripts: PlayerScripts,
  storage: string,
): Promise<LocalFile[]> {
  // The public gateway: whoever fetches previews cannot reach another network.
  const address = `https://${storage}.icp0.io${home(publication.id)}/`;
  const page = playerPage(await readPlayerTemplate(), publication, scripts, address);
  return [
    ...publication.files.map(
      ({ path, contentType, immutable }): LocalFile => ({
        path: `${home(publication.id)}/${path}`,
        contentType,
        cacheControl: immutable ? immutableForever : minute,
        source: { kind: "file", file: join(folder, path) },
      }),
    ),
    {
      path: `${home(publication.id)}/index.html`,
      contentType: "text/html; charset=utf-8",
      cacheControl: minute,
      source: { kind: "bytes", bytes: Buffer.from(page) },
    },
  ];
}

function entryOf(publication: Publication, storage: string, files: readonly UploadedFile[]): VideoEntry {
  const { id, attempt, owner, title, durationMs, width, height, renditions } = publication;
  const url = (path: string) => `${home(id)}/${path}`;
  return {
    id,
    attempt,
    owner,
    title,
    storage,
    player: url("index.html"),
    hls: url(publication.hls),
    dash: url(publication.dash),
    poster: url(plainPoster(publication.posters).path),
    manifestSha256: Buffer.from(publication.manifestSha256, "hex"),
    durationMs,
    width,
    height,
    bytes: files.reduce((total, file) => total + file.bytes, 0),
    renditions,
    status: "ReadyToView",
  };
}
