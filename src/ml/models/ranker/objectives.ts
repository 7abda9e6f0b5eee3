/** What the ranker predicts for an impression, each a probability or a share, with its weight in the value of a view. */
export const objectives = {
  /** Share of the video that is watched, at most all of it. */
  watchFraction: 1,
  longView: 1,
  like: 0.5,
  share: 2,
  follow: 4,
  hotVote: 0.5,
  skip: -0.5,
  /** Marked as not interesting, or reported. */
  negative: -43.2,
} as const;

export type Objective = keyof typeof objectives;
export const objectiveNames = Object.keys(objectives) as Objective[];

/** A video that was watched for this share counts as a long view. */
export const longViewShare = 0.8;
/** One that was left before this share counts as skipped. */
export const skipShare = 0.1;

/**
 * What an impression is worth: the weighted sum of the predictions. Shares, follows and complaints weigh by the
 * defaults of X's published ranker (params/param.rs of x-algorithm); watching weighs as one.
 * @param predicted one an objective, in their order
 */
export const valueOfImpression = (
  predicted: ArrayLike<number>,
  weights: Readonly<Record<Objective, number>> = objectives,
): number => objectiveNames.reduce((sum, name, index) => sum + weights[name] * predicted[index]!, 0);
