import { once } from "node:events";
import { join } from "node:path";
import type { Intermediate } from "./intermediate.ts";
import { packageTrack, type Stored, type Track } from "./package.ts";

/** A file of a track that is complete while others are still being encoded. */
export type ReadySegment = Stored & {
  /** `240p`, `audio` */
  track: string;
  kind: Track["kind"];
  /** Absolute; valid until the transcode ends. */
  path: string;
};

/** A playlist as it stands; the path is that of the finished one, relative to the folder. */
export type GrowingPlaylist = { path: string; text: string };

/** What to do with segments as they come. */
export type Progressive = {
  /**
   * The smallest rendition and the sound come first, then those of all renditions as they are ready. An encode
   * that steps down from a GPU half-way starts over: its segments then come again under the same index.
   */
  onSegment: (segment: ReadySegment) => void;
  /** The first segments of the smallest rendition and of the sound have been handed on. */
  onPlayable?: (() => void) | undefined;
  /** A playlist of what has been handed on has changed: after the segment that it is about. */
  onPlaylist?: ((playlist: GrowingPlaylist) => void) | undefined;
};

/**
 * Packages files while ffmpeg writes them. Ends after `ended` is aborted; every segment has been handed on by
 * then, with the same bytes that packaging afterwards would give.
 * @param ended aborted when ffmpeg has ended
 * @throws TypedError SEGMENT_TOO_LARGE, PACKAGE_FAILED
 */
export async function packageGrowing(
  sources: readonly Intermediate[],
  { out, ended, signal }: { out: string; ended: AbortSignal; signal?: AbortSignal | undefined },
  progressive: Progressive,
): Promise<Track[]> {
  const handOn = smallestFirst(sources, progressive);
  const packaged = await Promise.allSettled(
    sources.map((source) => {
      const { name: track, kind } = source;
      const onStored = (stored: Stored) =>
        handOn({ ...stored, track, kind, path: join(out, stored.file.path) });
      const options = { out, signal, ended, onStored };
      return packageTrack(source, options).catch(async () => {
        // What the files hold at the end counts; any fault other than a restart occurs again.
        if (!ended.aborted) await once(ended, "abort");
        return packageTrack(source, options);
      });
    }),
  );
  return packaged.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}

/** Holds the larger renditions back until the smallest can be played: an uploader should not have to choose. */
export function smallestFirst(
  sources: readonly Pick<Intermediate, "name" | "kind">[],
  { onSegment, onPlayable }: Progressive,
): (segment: ReadySegment) => void {
  const smallest = sources.findLast(({ kind }) => kind === "video");
  const essential = new Set(
    sources.filter((source) => source === smallest || source.kind === "audio").map(({ name }) => name),
  );
  const missing = new Set(essential);
  const held: ReadySegment[] = [];
  return (segment) => {
    if (missing.size > 0 && !essential.has(segment.track)) {
      held.push(segment);
      return;
    }
    onSegment(segment);
    if (segment.index !== 0 || !missing.delete(segment.track) || missing.size > 0) return;
    onPlayable?.();
    for (const waiting of held.splice(0)) onSegment(waiting);
  };
}
