import type { Loudness } from "./loudness.ts";

/** What only decoding tells about a source. */
export type Measurement = {
  /** Null without sound. */
  loudness: Loudness | null;
  /** Whether the sound keeps its channels from beginning to end. */
  channels: "constant" | "changing";
};

/** Of a source that is planned without looking into it. */
export const unmeasured: Measurement = { loudness: null, channels: "constant" };
