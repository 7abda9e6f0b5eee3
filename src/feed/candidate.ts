/**
 * Where a video came from. `sequence`: the model, from what the viewer chose; `global`: the same model, for all viewers;
 * `trending`; `fresh`: it has not had its impressions yet; `explore`: drawn evenly from all videos; `replay`: everything
 * else has been seen.
 */
export const sourceNames = ["sequence", "global", "trending", "fresh", "explore", "replay"] as const;
export type SourceName = (typeof sourceNames)[number];

/** A video that a source proposes. */
export type Candidate = {
  video: string;
  source: SourceName;
  /** Absent where no model took part. */
  modelVersion?: string;
};

declare const passed: unique symbol;

/** A candidate that has passed the filters (filters/gate.ts), which alone make one: only these are ranked and selected. */
export type Eligible = Candidate & { readonly [passed]: true; readonly author?: string };
