import { type Dataset, itemCounts } from "../dataset.ts";
import { type Recommender, rowByRow } from "./recommender.ts";

/** How many users chose each item, for everybody alike: what every model must beat. */
export function fitPopularity(train: Dataset): Recommender {
  const counts = Float32Array.from(itemCounts(train));
  return rowByRow("Pop", counts.length, (_, row) => row.set(counts), "weights");
}
