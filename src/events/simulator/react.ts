import type { Random } from "../../base/random.ts";
import type { EngagementEvent } from "../event.ts";
import type { Video, Viewer } from "./population.ts";

export type Reaction = { watchedMs: number; signs: EngagementEvent["type"][] };

const logistic = (x: number) => 1 / (1 + Math.exp(-x));

/** Below this share of a video the viewer has skipped it. */
const skipped = 0.15;

/** How long a viewer watches a video, and what else the viewer does with it. */
export function react({ taste }: Viewer, { topic, quality, lengthMs }: Video, random: Random): Reaction {
  // 1 for the topic that a viewer likes best, near 0 for the others.
  const affinity = taste[topic]! / Math.max(...taste);
  const pleasure = logistic(-1.2 + 2.5 * affinity + 0.8 * (quality - 1) + 0.9 * random.normal());
  // The last tenth stands for those who let it play again.
  const watchedMs = Math.max(1, Math.round(1.1 * pleasure * lengthMs));
  const happens = (probability: number) => random.next() < probability;
  const signs: Reaction["signs"] = [];
  if (pleasure < skipped) {
    signs.push("skip");
    if (happens(0.03)) signs.push("not_interested");
    if (happens(0.002)) signs.push("report");
  }
  if (happens(0.15 * pleasure ** 2)) signs.push("like");
  if (happens(0.02 * pleasure ** 3)) signs.push("share");
  if (happens(0.02 * pleasure ** 3)) signs.push("comment");
  if (happens(0.03 * pleasure ** 4)) signs.push("follow");
  if (happens(0.1)) signs.push(happens(pleasure) ? "hot_vote" : "not_vote");
  return { watchedMs, signs };
}
