import type { EngagementEvent } from "../../src/events/event.ts";
import { EngagementEvent as schema } from "../../src/events/event.ts";

export const noon = Date.parse("2025-11-21T12:00:00Z");
export const day = 86_400_000;

/** Events that differ in the fields given. */
export function sample(fields: Record<string, unknown> = {}): EngagementEvent {
  return schema.parse({ type: "like", at: noon, user: "ann", video: "v1", ...fields });
}

/** One of every type. */
export const everyType: EngagementEvent[] = [
  sample({ type: "impression", source: "trending", position: 0, propensity: 0.25, modelVersion: "m7" }),
  sample({ type: "watch", at: noon + 1, watchedMs: 12_000, totalMs: 9_000, session: "s1" }),
  sample({ type: "follow", at: noon + 2, creator: "bob" }),
  ...["like", "unlike", "share", "comment", "hot_vote", "not_vote", "skip", "not_interested", "report"].map(
    (type, index) => sample({ type, at: noon + 3 + index }),
  ),
];
