import { isChoice } from "../../events/choice.ts";
import { type DayRange, readLake } from "../../events/lake/lake.ts";
import type { Interaction } from "../dataset.ts";

/** The videos that viewers chose, out of the lake's events, in the order of time. */
export async function* lakeInteractions(lake: string, range: DayRange = {}): AsyncGenerator<Interaction> {
  for await (const event of readLake(lake, range))
    if (isChoice(event)) yield { user: event.user, item: event.video, at: event.at };
}
