import type { Random } from "../../../base/random.ts";

/** Users whose windows share a row, in the order of their places. */
export type Row = readonly number[];

/** Rows that are still open at a time: more pack tighter and take longer. */
const openRows = 200;

/**
 * Shuffles windows and lays them side by side into rows, each where it leaves the least room, so that hardly any
 * computing goes into padding.
 * @param lengths of each user's window; 0: the user has nothing to teach
 * @param width of a row, no less than the longest window
 */
export function packHistories(lengths: ArrayLike<number>, width: number, random: Random): Row[] {
  const users = shuffled(
    Array.from(lengths, (_, user) => user).filter((user) => lengths[user]! > 0),
    random,
  );
  const rows: number[][] = [];
  let open: { row: number[]; room: number }[] = [];
  for (const user of users) {
    const length = lengths[user]!;
    let best: { row: number[]; room: number } | undefined;
    for (const candidate of open)
      if (candidate.room >= length && (best === undefined || candidate.room < best.room)) best = candidate;
    if (best === undefined) {
      best = { row: [], room: width };
      rows.push(best.row);
      open.push(best);
      if (open.length > openRows) open.shift();
    }
    best.row.push(user);
    best.room -= length;
    if (best.room === 0) open = open.filter((one) => one !== best);
  }
  return shuffled(rows, random);
}

/** @source Fisher and Yates, in Durstenfeld's form */
function shuffled<Value>(values: Value[], random: Random): Value[] {
  for (let last = values.length - 1; last > 0; last--) {
    const other = random.integer(last + 1);
    [values[last], values[other]] = [values[other]!, values[last]!];
  }
  return values;
}
