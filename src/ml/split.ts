import { createHash } from "node:crypto";
import { TypedError } from "../base/typed-error.ts";
import { type Dataset, historyOf, truncated } from "./dataset.ts";

/** A question to a model: after this history, what came next? */
export type Case = { user: number; history: Int32Array; target: number };

/** What a model may learn from, and the cases it is evaluated on. */
export type Split = { train: Dataset; cases: Case[] };

/** Fewer than this leaves nothing to learn from once two are held out. */
const minHistory = 3;

/**
 * Holds out the last item of each user for the test and the second-last for validation; users with fewer than 3
 * only teach. At the test the history holds the validation item, at training neither is seen.
 * @param fit what may be learned from before the test; "train and validation" once nothing is chosen any more
 * @throws TypedError DATASET_TOO_SMALL when no user has 3 items
 * @source Kang and McAuley, "Self-Attentive Sequential Recommendation", 2018
 */
export function leaveLastOut(
  dataset: Dataset,
  holdout: "validation" | "test",
  fit: "train" | "train and validation" = "train",
): Split {
  const back = holdout === "test" ? 1 : 2;
  const heldOut = holdout === "test" && fit === "train and validation" ? 1 : 2;
  const length = (user: number) => historyOf(dataset, user).length;
  const cases = dataset.users.flatMap((_, user) => {
    const all = historyOf(dataset, user);
    if (all.length < minHistory) return [];
    return { user, history: all.subarray(0, all.length - back), target: all.at(-back)! };
  });
  if (cases.length === 0) throw tooSmall(`no user has ${minHistory} items`);
  const train = truncated(dataset, (user) =>
    length(user) < minHistory ? length(user) : length(user) - heldOut,
  );
  return { train, cases };
}

/**
 * Holds out everything from a point in time on, as it is when a model serves: it has learned from before, while
 * histories go on. Each of a user's later choices is a case, up to `casesPerUser`.
 * @param share of the interactions that lie before the cut
 * @throws TypedError SPLIT_NEEDS_TIMES, DATASET_TOO_SMALL when one side is empty
 */
export function timeSplit(dataset: Dataset, share: number, { casesPerUser = 10 } = {}): Split {
  const cut = cutTime(dataset, share);
  const times = dataset.times!;
  const before = (user: number) => {
    const own = times.subarray(dataset.offsets[user], dataset.offsets[user + 1]);
    const later = own.findIndex((time) => time >= cut);
    return later === -1 ? own.length : later;
  };
  const cases = dataset.users.flatMap((_, user) => {
    const all = historyOf(dataset, user);
    const start = before(user);
    return Array.from(all.subarray(start, start + casesPerUser), (target, index) => ({
      user,
      history: all.subarray(0, start + index),
      target,
    }));
  });
  const train = truncated(dataset, before);
  if (train.sequence.length === 0) throw tooSmall("everything happened at the same time, or after the cut");
  return { train, cases };
}

/**
 * The time before which a share of the interactions lies.
 * @throws TypedError SPLIT_NEEDS_TIMES
 */
export function cutTime({ times }: Dataset, share: number): number {
  if (times === undefined)
    throw new TypedError(
      "SPLIT_NEEDS_TIMES",
      "these interactions have no times: use the leave-last-out split",
    );
  return times.toSorted()[Math.floor(share * times.length)]!;
}

/** The cases of up to `maxUsers` users, drawn by `drawUsers`. */
export function casesOfDrawnUsers({ train, cases }: Split, maxUsers: number): Case[] {
  const drawn = drawUsers(new Set(cases.map(({ user }) => train.users[user]!)), maxUsers);
  return cases.filter(({ user }) => drawn.has(train.users[user]!));
}

/** Users drawn by a hash of their names: evenly, in whatever order the data come, and the same ones every time. */
export function drawUsers(users: ReadonlySet<string>, max: number): ReadonlySet<string> {
  if (users.size <= max) return users;
  return new Set(
    Array.from(users, (user) => [createHash("sha256").update(user).digest("hex"), user] as const)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .slice(0, max)
      .map(([, user]) => user),
  );
}

const tooSmall = (why: string) =>
  new TypedError("DATASET_TOO_SMALL", `${why}: there is nothing to hold out and still learn from`);
