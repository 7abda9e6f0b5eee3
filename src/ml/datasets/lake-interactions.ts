import { type DayRange, readLake } from "../../events/lake.ts";
import type { Interaction } from "../dataset.ts";

/** Watching this share of a video counts as choosing it. */
const chosenShare = 0.5;

/** Signs of liking that count even when the video was left early. */
const chosenBy = new Set(["like", "share", "follow", "hot_vote", "comment"]);

/** The videos that viewers chose, out of the lake's events, in the order of time. */
export async function* lakeInteractions(lake: string, range: DayRange = {}): AsyncGenerator<Interaction> {
  for await (const event of readLake(lake, range)) {
    const chosen =
      event.type === "watch" ? event.watchedMs >= chosenShare * event.totalMs : chosenBy.has(event.type);
    if (chosen) yield { user: event.user, item: event.video, at: event.at };
  }
}
