import type { IndexedVideo } from "@kiln/client/indexed-video";
import type { UploadStatus } from "../canisters/storage-client.ts";

/** Decides whether the same video is already published. */
type Content = { manifestSha256: string; title: string };

/**
 * The fencing number for publishing by hand, without a queue that counts attempts: the same one if the same video is
 * published again (which changes nothing), else one more than the highest that the canisters have seen.
 * @param entry the video's entry in the index
 * @param upload the upload of its files
 */
export function nextAttempt(
  content: Content,
  entry: IndexedVideo | undefined,
  upload: UploadStatus | undefined,
): number {
  if (entry !== undefined && isEntered(content, entry) && (upload?.attempt ?? 0) <= entry.attempt)
    return entry.attempt;
  return Math.max(entry?.attempt ?? 0, upload?.attempt ?? 0) + 1;
}

function isEntered({ manifestSha256, title }: Content, entry: IndexedVideo): boolean {
  return entry.title === title && Buffer.from(entry.manifestSha256).toString("hex") === manifestSha256;
}
