import { isChoice } from "./choice.ts";
import type { EngagementEvent } from "./event.ts";

/**
 * What one event means for its viewer's feed: a choice, a retraction of it, a dislike of the video and what is like it,
 * a report, which also blocks the author; anything else shows that the video was seen.
 */
export type EntryKind = "choice" | "retraction" | "dislike" | "report" | "seen";

export type ViewerEntry = { kind: EntryKind /** Milliseconds since 1970. */; at: number; video: string };

/** More are dropped, oldest first: models use less, and a video that was seen so long ago may come again. */
export const maxEntries = 2_000;

const letters = { choice: "c", retraction: "u", dislike: "n", report: "r", seen: "s" } as const;
const kinds = new Map(Object.entries(letters).map(([kind, letter]) => [letter as string, kind as EntryKind]));

/** As text: the letter of the kind, the time in base 36, a tab, the video. The same event gives the same text. */
export function entryOf(event: EngagementEvent): string {
  return `${letters[kindOf(event)]}${event.at.toString(36)}\t${event.video}`;
}

/** Undefined for a text that is not an entry. An entry without a time, as older versions wrote, is the oldest. */
export function parseEntry(text: string): ViewerEntry | undefined {
  const kind = kinds.get(text[0] ?? "");
  if (kind === undefined) return undefined;
  const tab = text.indexOf("\t");
  return tab === -1
    ? { kind, at: 0, video: text.slice(1) }
    : { kind, at: Number.parseInt(text.slice(1, tab), 36), video: text.slice(tab + 1) };
}

function kindOf(event: EngagementEvent): EntryKind {
  if (event.type === "report") return "report";
  if (event.type === "not_interested") return "dislike";
  if (event.type === "unlike") return "retraction";
  return isChoice(event) ? "choice" : "seen";
}
