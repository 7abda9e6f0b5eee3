import { seeded } from "../../../src/base/random.ts";
import type { EngagementEvent } from "../../../src/events/event.ts";
import { noon, sample } from "../../events/sample-events.ts";

/** Ten videos, each with its own chance of a long view; half of the viewers like what they watch. */
export function* audience(): Generator<EngagementEvent> {
  const random = seeded(5);
  for (let shown = 0; shown < 3000; shown++) {
    const [viewer, video] = [random.integer(40), random.integer(10)];
    const common = { user: `u${viewer}`, video: `v${video}` };
    const at = noon + shown * 60_000;
    yield sample({ ...common, type: "impression", at, source: "fresh", position: 0, propensity: 0.1 });
    const long = random.next() < (video + 0.5) / 10;
    yield sample({ ...common, type: "watch", at: at + 1, watchedMs: long ? 9000 : 100, totalMs: 9000 });
    if (long && viewer % 2 === 0) yield sample({ ...common, type: "like", at: at + 2 });
  }
}
