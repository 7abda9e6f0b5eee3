import type { Loudness } from "./loudness.ts";
import type { Difficulty } from "./per-title.ts";

/** What only decoding tells about a source. */
export type Measurement = {
  /** Null without sound. */
  loudness: Loudness | null;
  /** Whether the sound keeps its channels and its rate from beginning to end. */
  channels: "constant" | "changing";
  /** Null when nothing was sampled. */
  difficulty: Difficulty | null;
};

/** Of a source that is planned without looking into it. */
export const unmeasured: Measurement = { loudness: null, channels: "constant", difficulty: null };
