import { TypedError } from "../../base/typed-error.ts";
import type { Dataset } from "../dataset.ts";
import type { BaselineParameters } from "./parameters.ts";
import { type Recommender, rowByRow } from "./recommender.ts";

const dayMs = 86_400_000;

/**
 * Popularity in which a choice loses half its weight every half-life, as it stands at the end of the training data.
 * @throws TypedError MODEL_NEEDS_TIMES
 */
export function fitTrending(train: Dataset, { halfLifeDays }: BaselineParameters["trending"]): Recommender {
  const { times, sequence, items } = train;
  if (times === undefined)
    throw new TypedError(
      "MODEL_NEEDS_TIMES",
      "these interactions have no times: leave the model trending out",
    );
  const now = times.reduce((latest, time) => Math.max(latest, time), 0);
  const weights = new Float32Array(items.length);
  for (const [index, item] of sequence.entries())
    weights[item]! += 0.5 ** ((now - times[index]!) / (halfLifeDays * dayMs));
  return rowByRow("Trending", weights.length, (_, row) => row.set(weights), "weights");
}
