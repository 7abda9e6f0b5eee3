/** A video that a source proposes, and which one that was. */
export type Candidate = {
  video: string;
  /**
   * `sequence`: a model, after what the viewer chose; `global`: the same model, for everybody; `trending`; `fresh`: it is
   * new, and nobody has chosen it yet.
   */
  source: "sequence" | "global" | "trending" | "fresh";
  /** Absent where no model took part. */
  modelVersion?: string;
};
