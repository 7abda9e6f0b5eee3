import type { Random } from "../../base/random.ts";
import type { Audience } from "./audience.ts";
import type { Video } from "./population.ts";

/** What one draw showed, and why. */
export type Shown = { video: number; propensity: number; source: "explore" | "taste" };

/** The feed of one day: which videos there are, and how likely each is. */
export type DailyFeed = {
  /**
   * A video that the viewer has not seen, or undefined when hardly any is left.
   * @param mood a share for each topic
   */
  draw(mood: Float64Array, seen: ReadonlySet<number>, random: Random): Shown | undefined;
};

/** No video's weight falls below this share of its quality: old favourites are still found. */
const oldest = 0.1;
/** Beyond this share of what would be drawn, the rest is too rare to search for. */
const exhausted = 0.98;

/**
 * @param trends a factor for each topic on this day
 */
export function dailyFeed(
  videos: readonly Video[],
  day: number,
  trends: Float64Array,
  audience: Audience,
): DailyFeed {
  const present = videos.flatMap(({ publishedOn }, index) => (publishedOn <= day ? [index] : []));
  const weights = Float64Array.from(videos, ({ quality, publishedOn }) =>
    publishedOn <= day ? quality * Math.max(oldest, 0.5 ** ((day - publishedOn) / audience.freshness)) : 0,
  );
  const byTopic = Array.from(trends, (_, topic) => present.filter((index) => videos[index]!.topic === topic));
  const cumulative = byTopic.map((indexes) => cumulated(indexes.map((index) => weights[index]!)));

  return {
    draw(mood, seen, random) {
      const topics = cumulated(
        Array.from(mood, (share, topic) => (byTopic[topic]!.length > 0 ? share * trends[topic]! : 0)),
      );
      const total = topics.at(-1)!;
      const explore = total > 0 ? audience.exploration : 1;
      const probability = (index: number) => {
        if (weights[index] === 0) return 0;
        const { topic } = videos[index]!;
        const ofTopic = total > 0 ? (mood[topic]! * trends[topic]!) / total : 0;
        return (
          explore / present.length + (1 - explore) * ofTopic * (weights[index]! / cumulative[topic]!.at(-1)!)
        );
      };
      let seenShare = 0;
      for (const index of seen) seenShare += probability(index);
      if (present.length === 0 || seenShare > exhausted) return undefined;
      for (;;) {
        const source = random.next() < explore ? "explore" : "taste";
        const video =
          source === "explore"
            ? present[random.integer(present.length)]!
            : byVideo(random.weighted(topics), random);
        // The last video that is left has 1, but for rounding.
        const propensity = Math.min(1, probability(video) / (1 - seenShare));
        if (!seen.has(video)) return { video, source, propensity };
      }
    },
  };

  function byVideo(topic: number, random: Random): number {
    return byTopic[topic]![random.weighted(cumulative[topic]!)]!;
  }
}

function cumulated(values: readonly number[]): Float64Array {
  let sum = 0;
  return Float64Array.from(values, (value) => (sum += value));
}
