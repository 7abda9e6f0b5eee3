import { dayOf } from "../../events/event.ts";
import { readLake } from "../../events/lake/lake.ts";
import { RankingFeatures } from "../../ml/models/ranker/ranking-features.ts";

/**
 * What the ranker must know of viewers and videos, counted from the lake: the whole of it once, then what is new. An
 * event that reaches the lake later than others of its time is counted after the next start.
 */
export class Engagement {
  readonly known = new RankingFeatures();
  readonly #lake: string;
  #until = Number.NEGATIVE_INFINITY;

  constructor(lake: string) {
    this.#lake = lake;
  }

  async refresh(): Promise<void> {
    const from = this.#until;
    for await (const event of readLake(this.#lake, from > 0 ? { from: dayOf(from) } : {})) {
      if (event.at <= from) continue;
      this.known.observe(event);
      this.#until = event.at;
    }
  }
}
