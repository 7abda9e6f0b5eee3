import type { Loudness } from "./loudness.ts";
import type { Difficulty } from "./per-title.ts";

/** What only decoding reveals about a source. */
export type Measurement = {
  /** Null without sound. */
  loudness: Loudness | null;
  /** Whether the sound keeps its channels and its rate from beginning to end. */
  channels: "constant" | "changing";
  /** Null when nothing was sampled. */
  difficulty: Difficulty | null;
};

/** For a source that is planned without decoding it. */
export const unmeasured: Measurement = { loudness: null, channels: "constant", difficulty: null };
