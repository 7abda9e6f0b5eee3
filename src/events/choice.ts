import type { EngagementEvent } from "./event.ts";

/** Watching this share of a video counts as choosing it. */
const chosenShare = 0.5;

/** Signs of liking that count even when the video was left early. */
const chosenBy: ReadonlySet<EngagementEvent["type"]> = new Set([
  "like",
  "share",
  "follow",
  "hot_vote",
  "comment",
]);

/** Whether an event shows that the viewer liked the video: what models learn from. */
export const isChoice = (event: EngagementEvent): boolean =>
  event.type === "watch" ? event.watchedMs >= chosenShare * event.totalMs : chosenBy.has(event.type);

/** Whether an event shows that the viewer does not like the video after all: earlier choices of it do not count. */
export const isRetraction = ({ type }: EngagementEvent): boolean =>
  type === "unlike" || type === "not_interested" || type === "report";
