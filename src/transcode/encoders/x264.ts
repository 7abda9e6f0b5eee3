import { presetOf, type VideoEncoder } from "./encoder.ts";
import { keyframes } from "./keyframes.ts";

/**
 * What veryfast saves in the wrong place, and (b8x8) spends there: .25 to .7 dB at the same bits for a third to a half more
 * CPU, once (`fast` does without); the bits are stored, certified and sent many times.
 */
const finer = "-bf 5 -refs 2 -subq 3 -partitions p8x8,i8x8,i4x4 -rc-lookahead 40 -trellis 1".split(" ");
/** At one quality factor trellis takes up to a tenth more bits: one step coarser costs fewer bits than without it. */
const finerQuality = "24";

/** H.264 in software: plays everywhere, and runs on every machine. */
export const x264: VideoEncoder = {
  name: "libx264",
  codec: "h264",
  options: ({ maxrate, bufsize, segments }, policy) => {
    const preset = presetOf(policy);
    const isFiner = policy.preset === null && policy.profile === "balanced";
    return [
      ...["-preset", preset],
      ...(isFiner ? finer : []),
      ...["-threads", `${policy.threads}`],
      // The fastest preset has nothing that High would allow, and x264 then calls it so.
      ...["-profile:v", preset === "ultrafast" ? "main" : "high"],
      // Constant quality under a ceiling: easy content takes fewer bits, hard content cannot burst a segment.
      ...["-crf", isFiner ? finerQuality : "23", "-maxrate", `${maxrate}`, "-bufsize", `${bufsize}`],
      // Keyframes where segments begin and nowhere else, so that all renditions can be switched at all of them.
      ...keyframes(segments),
      ...["-sc_threshold", "0"],
      // x264 always writes a message with its version and settings, which no player uses and which would be a tenth of a
      // small first segment.
      ...["-bsf:v", "filter_units=remove_types=6"],
    ];
  },
};
