import { TypedError } from "../base/typed-error.ts";

/** A user chose an item, in the order of time where the source has no times. */
export type Interaction = {
  user: string;
  item: string;
  /** Milliseconds since 1970. */
  at?: number;
  /** Instead of a choice: earlier ones of this item by this user do not count. */
  retracts?: true;
};

/**
 * What users chose, as numbers: the items of user u are `sequence[offsets[u]] ... sequence[offsets[u + 1] - 1]`,
 * oldest first, each item at most once. Items are counted from 0.
 */
export type Dataset = {
  users: readonly string[];
  items: readonly string[];
  /** One more than there are users. */
  offsets: Uint32Array;
  sequence: Int32Array;
  /** Beside the sequence; absent when the source has no times. */
  times?: Float64Array;
};

/**
 * Collects interactions; of a repeated one the first counts. Memory: 16 bytes each, and the names.
 * @throws TypedError DATASET_EMPTY
 */
export async function collectDataset(
  interactions: AsyncIterable<Interaction> | Iterable<Interaction>,
): Promise<Dataset> {
  const users = new Numbering();
  const items = new Numbering();
  const columns: Columns = { user: [], item: [], at: [] };
  const retractions = new Map<number, Map<number, number>>();
  let timed = true;
  for await (const { user, item, at, retracts } of interactions) {
    if (retracts) {
      const whose = users.of(user);
      if (!retractions.has(whose)) retractions.set(whose, new Map());
      // Whatever came before this row.
      retractions.get(whose)!.set(items.of(item), columns.user.length);
      continue;
    }
    timed &&= at !== undefined;
    columns.user.push(users.of(user));
    columns.item.push(items.of(item));
    columns.at.push(at ?? 0);
  }
  if (columns.user.length === 0)
    throw new TypedError(
      "DATASET_EMPTY",
      "there is not one interaction to learn from: give a file that has some",
    );
  const { offsets, order } = inOrder(columns, users.names.length, { timed, retractions });
  return {
    users: users.names,
    items: items.names,
    offsets,
    sequence: order.map((row) => columns.item[row]!),
    ...(timed ? { times: Float64Array.from(order, (row) => columns.at[row]!) } : {}),
  };
}

/** The items of one user, oldest first; a view, not a copy. */
export const historyOf = ({ offsets, sequence }: Dataset, user: number): Int32Array =>
  sequence.subarray(offsets[user], offsets[user + 1]);

/** The dataset with only the first `lengths[user]` items of each user; users and items keep their numbers. */
export function truncated(dataset: Dataset, lengths: (user: number) => number): Dataset {
  const offsets = new Uint32Array(dataset.offsets.length);
  for (let user = 0; user < dataset.users.length; user++) offsets[user + 1] = offsets[user]! + lengths(user);
  const sequence = new Int32Array(offsets.at(-1)!);
  const times = dataset.times && new Float64Array(sequence.length);
  for (let user = 0; user < dataset.users.length; user++) {
    const start = dataset.offsets[user]!;
    const end = start + lengths(user);
    sequence.set(dataset.sequence.subarray(start, end), offsets[user]);
    times?.set(dataset.times!.subarray(start, end), offsets[user]);
  }
  return { ...dataset, offsets, sequence, ...(times ? { times } : {}) };
}

/** How many users chose each item. */
export function itemCounts({ items, sequence }: Dataset): Uint32Array {
  const counts = new Uint32Array(items.length);
  for (const item of sequence) counts[item]!++;
  return counts;
}

/** Interactions as they come, a column each. */
type Columns = { user: number[]; item: number[]; at: number[] };

/** The rows by user and time, the first of each item that was not retracted only. Without times the order of the source is that of time. */
function inOrder(
  { user, item, at }: Columns,
  users: number,
  { timed, retractions }: { timed: boolean; retractions: ReadonlyMap<number, ReadonlyMap<number, number>> },
): { offsets: Uint32Array; order: Int32Array } {
  const rows = Array.from({ length: users }, (): number[] => []);
  for (const [row, whose] of user.entries())
    if (row >= (retractions.get(whose)?.get(item[row]!) ?? 0)) rows[whose]!.push(row);
  const offsets = new Uint32Array(users + 1);
  const order = new Int32Array(user.length);
  for (const [whose, own] of rows.entries()) {
    if (timed) own.sort((one, other) => at[one]! - at[other]!);
    const seen = new Set<number>();
    let end = offsets[whose]!;
    for (const row of own) {
      if (seen.has(item[row]!)) continue;
      seen.add(item[row]!);
      order[end++] = row;
    }
    offsets[whose + 1] = end;
  }
  return { offsets, order: order.subarray(0, offsets[users]) };
}

/** Gives each name the next number, once. */
class Numbering {
  readonly names: string[] = [];
  readonly #numbers = new Map<string, number>();

  of(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    this.#numbers.set(name, this.names.length);
    return this.names.push(name) - 1;
  }
}
