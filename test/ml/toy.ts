import { collectDataset, type Dataset, type Interaction } from "../../src/ml/dataset.ts";

/** Users by name with their items in order, one a day. Items are numbered as they appear. */
export function toy(histories: Record<string, string>): Promise<Dataset> {
  return collectDataset(
    Object.entries(histories).flatMap(([user, items]): Interaction[] =>
      items.split(" ").map((item, day) => ({ user, item, at: Date.UTC(2025, 0, 1 + day) })),
    ),
  );
}
