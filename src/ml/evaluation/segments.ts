import { itemCounts } from "../dataset.ts";
import type { Case, Split } from "../split.ts";

/** A kind of case with metrics of its own. */
export type Segment = { name: string; includes: (question: Case) => boolean };

/** New users and new videos have at most this many interactions. */
const fewInteractions = 5;
/** The share of cases whose users count as heavy. */
const heavyShare = 0.1;

export function segmentsOf({ train, cases }: Split): Segment[] {
  const counts = itemCounts(train);
  const lengths = Uint32Array.from(cases, ({ history }) => history.length).sort();
  const heavy = lengths[Math.floor((1 - heavyShare) * lengths.length)] ?? 0;
  return [
    {
      name: `new users (history of at most ${fewInteractions})`,
      includes: ({ history }) => history.length <= fewInteractions,
    },
    {
      name: `heavy users (history of at least ${heavy})`,
      includes: ({ history }) => history.length >= heavy,
    },
    {
      name: `new videos (chosen at most ${fewInteractions} times)`,
      includes: ({ target }) => counts[target]! <= fewInteractions,
    },
  ];
}
