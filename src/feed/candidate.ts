/** A video that a source proposes, and which one that was. */
export type Candidate = {
  video: string;
  /** `sequence`: a model, after what the viewer chose; `global`: the same model, for everybody; `trending`. */
  source: "sequence" | "global" | "trending";
  /** Absent where no model took part. */
  modelVersion?: string;
};
