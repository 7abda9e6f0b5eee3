import { TypedError } from "../../../base/typed-error.ts";
import { extendCatalogue } from "./extend-catalogue.ts";
import type { TransformerModel } from "./transformer.ts";

/** What is seen and heard in videos, by name, all of one length. */
export type Content = ReadonlyMap<string, Float32Array>;

/**
 * The catalogue with the videos that have content and that the networks do not know, after those that they know.
 * Networks that did not learn from content can place none of them.
 * @throws TypedError CONTENT_INVALID
 */
export function withNewcomers(
  models: readonly TransformerModel[],
  known: readonly string[],
  content: Content,
): readonly string[] {
  const [width] = Array.from(content.values(), (features) => features.length);
  if (width === undefined || models.some(({ content }) => content === undefined)) return known;
  for (const { parameters } of models)
    if (parameters.contentDimension !== width)
      throw new TypedError(
        "CONTENT_INVALID",
        `the content has ${width} numbers a video, the model learned from ${parameters.contentDimension}: train it with this content`,
      );
  const there = new Set(known);
  const newcomers = Array.from(content.keys()).filter((name) => !there.has(name));
  return newcomers.length === 0 ? known : [...known, ...newcomers];
}

/** The network over that catalogue: what it knows stays as it was, newcomers are their content alone. */
export function extended(
  model: TransformerModel,
  known: readonly string[],
  items: readonly string[],
  content: Content,
): TransformerModel {
  if (items === known) return model;
  const width = model.parameters.contentDimension;
  const values = new Float32Array(items.length * width);
  values.set(model.content!.values);
  for (const [place, name] of items.entries())
    if (place >= known.length) values.set(content.get(name)!, place * width);
  return extendCatalogue(model, known, items, { shape: [items.length, width], values });
}
