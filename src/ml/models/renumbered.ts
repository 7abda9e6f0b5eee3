import type { Recommender } from "./recommender.ts";

/**
 * A model that was fitted on another catalogue, queried with the numbers of this one. Videos that it does not know share
 * the last place; in histories they are left out.
 * @param known the names that it knows, in its order
 * @param items the names here
 */
export function renumbered(
  model: Recommender,
  known: readonly string[],
  items: readonly string[],
): Recommender {
  const theirs = new Map(known.map((name, item) => [name, item]));
  const numbers = Int32Array.from(items, (name) => theirs.get(name) ?? -1);
  return {
    name: model.name,
    ...(model.scale === undefined ? {} : { scale: model.scale }),
    items: items.length,
    async score(histories) {
      const translated = histories.map((history) =>
        history.map((item) => numbers[item]!).filter((item) => item >= 0),
      );
      const scores = await model.score(translated);
      const own = new Float32Array(histories.length * items.length);
      for (let row = 0; row < histories.length; row++) {
        const given = scores.subarray(row * model.items, (row + 1) * model.items);
        const last = given.reduce((lowest, score) => Math.min(lowest, score), 0) - 1;
        for (const [item, theirItem] of numbers.entries())
          own[row * items.length + item] = theirItem < 0 ? last : given[theirItem]!;
      }
      return own;
    },
  };
}
