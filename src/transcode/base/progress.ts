/** How far a transcode is; `fraction` of the stage, 0 to 1. */
export type Progress = {
  stage: "probe" | "encode" | "package" | "pictures" | "verify" | "analyse";
  fraction: number;
};

export type Reporting = {
  signal: AbortSignal | undefined;
  progress: (stage: Progress["stage"], fraction: number) => void;
};
