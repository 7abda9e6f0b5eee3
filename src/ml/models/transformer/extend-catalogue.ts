import type { HostTensor, HostTensors } from "../../engines/host-tensor.ts";
import { Markov } from "../markov.ts";
import type { TransformerModel } from "./transformer.ts";

/**
 * The weights for another catalogue: items that both have keep their vectors, new ones begin at zero, where a network
 * with content knows them by their content alone.
 */
export function weightsFor(
  weights: HostTensors,
  known: readonly string[],
  items: readonly string[],
): HostTensors {
  return { ...weights, items: rowsFor(weights.items!, known, items) };
}

/**
 * A network that also scores items that it was not trained on, by their content.
 * @param content [items, contentDimension], of all items, in the order of `items`
 */
export function extendCatalogue(
  model: TransformerModel,
  known: readonly string[],
  items: readonly string[],
  content: HostTensor,
): TransformerModel {
  const { markov: _, ...rest } = model;
  const markov = model.markov && renumbered(model.markov, known, items);
  return {
    ...rest,
    weights: weightsFor(model.weights, known, items),
    content,
    popularity: rowsFor(model.popularity, known, items),
    ...(markov ? { markov } : {}),
  };
}

function rowsFor(
  { shape, values }: HostTensor,
  known: readonly string[],
  items: readonly string[],
): HostTensor {
  const width = shape[1] ?? 1;
  const places = new Map(known.map((item, index) => [item, index]));
  const rows = new Float32Array(items.length * width);
  for (const [index, item] of items.entries()) {
    const place = places.get(item);
    if (place !== undefined) rows.set(values.subarray(place * width, (place + 1) * width), index * width);
  }
  return { shape: shape.length === 1 ? [items.length] : [items.length, width], values: rows };
}

/** The same transitions by the numbers of another catalogue; those of items that it lacks are gone. */
function renumbered(markov: Markov, known: readonly string[], items: readonly string[]): Markov {
  const places = new Map(items.map((item, index) => [item, index]));
  const renumber = Int32Array.from(known, (item) => places.get(item) ?? -1);
  return Markov.renumbered(markov, renumber, items.length);
}
