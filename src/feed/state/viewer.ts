import { maxEntries, parseEntry, type ViewerEntry } from "../../events/viewer-entry.ts";

/** What a feed knows of a viewer. */
export type Viewer = {
  /** Videos that the viewer chose and did not retract, oldest first. */
  chosen: readonly string[];
  /** All videos that the viewer has met, by when that was last, oldest first. */
  seen: ReadonlySet<string>;
  /** Videos that the viewer marked as not interesting, or reported. */
  disliked: ReadonlySet<string>;
  /** Those of them that were reported. */
  reported: ReadonlySet<string>;
};

export const unknownViewer: Viewer = {
  chosen: [],
  seen: new Set(),
  disliked: new Set(),
  reported: new Set(),
};

/** The viewer that these entries describe, in whatever order and however often they were delivered. */
export function viewerOf(entries: readonly string[]): Viewer {
  const chosen = new Set<string>();
  const seen = new Set<string>();
  const disliked = new Set<string>();
  const reported = new Set<string>();
  for (const { kind, video } of inOrder(entries).slice(-maxEntries)) {
    // Deleted first: a set keeps the place of the first insertion.
    seen.delete(video);
    seen.add(video);
    if (kind === "choice") {
      chosen.delete(video);
      chosen.add(video);
    } else if (kind === "retraction") chosen.delete(video);
    else if (kind === "dislike" || kind === "report") {
      disliked.add(video);
      if (kind === "report") reported.add(video);
    }
  }
  return { chosen: [...chosen].filter((video) => !disliked.has(video)), seen, disliked, reported };
}

const inOrder = (entries: readonly string[]): ViewerEntry[] =>
  entries.flatMap((text) => parseEntry(text) ?? []).toSorted((one, other) => one.at - other.at);
