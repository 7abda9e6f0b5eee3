import { TypedError } from "../../base/typed-error.ts";
import { type Dataset, historyOf } from "../dataset.ts";
import { invertPositiveDefinite } from "../invert-positive-definite.ts";
import type { BaselineParameters } from "./parameters.ts";
import { type Recommender, rowByRow } from "./recommender.ts";

/**
 * Larger catalogues are refused: the dense inverse takes 8 bytes an item squared (0.5 GB here) and time with the
 * third power.
 */
export const easeLimit = 8_000;

/**
 * A linear autoencoder without hidden layer, in closed form: B = I - P / diag(P), P = (X'X + lambda I)^-1; an
 * item's score is the sum of its weights from the items of the history.
 * @throws TypedError CATALOGUE_TOO_LARGE
 * @source Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", 2019, equation 8
 */
export function fitEase(
  train: Dataset,
  { regularisation, halfLife }: BaselineParameters["ease"],
): Recommender {
  const size = train.items.length;
  if (size > easeLimit)
    throw new TypedError(
      "CATALOGUE_TOO_LARGE",
      `EASE solves a dense system: ${size} items are more than its ${easeLimit}; leave the model ease out`,
    );
  const inverse = invertPositiveDefinite(gram(train, regularisation), size);
  const weights = new Float32Array(size * size);
  for (let from = 0; from < size; from++)
    for (let to = 0; to < size; to++)
      if (from !== to) weights[from * size + to] = -inverse[from * size + to]! / inverse[to * size + to]!;
  const decay = halfLife === undefined ? 1 : 0.5 ** (1 / halfLife);
  return rowByRow("EASE", size, (history, row) => {
    let weight = 1;
    for (let at = history.length - 1; at >= 0; at--) {
      const from = history[at]! * size;
      for (let to = 0; to < size; to++) row[to]! += weight * weights[from + to]!;
      weight *= decay;
    }
  });
}

/** X'X + lambda I, row after row: how many users chose both items. */
function gram(train: Dataset, regularisation: number): Float64Array {
  const size = train.items.length;
  const together = new Float64Array(size * size);
  for (let user = 0; user < train.users.length; user++) {
    const history = historyOf(train, user);
    for (const item of history) for (const other of history) together[item * size + other]!++;
  }
  for (let item = 0; item < size; item++) together[item * (size + 1)]! += regularisation;
  return together;
}
