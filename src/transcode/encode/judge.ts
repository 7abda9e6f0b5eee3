import { z } from "zod";
import type { FfmpegReport } from "../base/ffmpeg.ts";
import { RejectionError } from "../base/rejection.ts";

/** What was lost of a damaged source that was accepted anyway, in frames of the source. */
export const Damage = z.object({
  /** Packets that yielded no frame (including VP8's hidden reference frames); a lower bound in a divided video. */
  undecoded: z.int().min(0),
  /** Frames of which the decoder made up a part. */
  concealed: z.int().min(0),
  /** Frames of the output that the source's timestamps promised and its content did not deliver. */
  missing: z.int().min(0),
});
export type Damage = z.infer<typeof Damage>;

/** Frames by which a healthy source may miss its plan: both ends of it are rounded to the output's rate. */
const rounding = 2;

/**
 * Judges a source by what came out of the decoder: ffmpeg ends with success on a file that is half missing.
 * A damaged source is taken when at least half of its packets decode, at most a quarter of the decoded frames
 * are partly made up, and at least nine tenths of the planned frames came out.
 * @param packets of the source's video stream
 * @param planned frames that the packets' timestamps promise
 * @throws RejectionError CORRUPT, or TRUNCATED when the end is missing
 */
export function judge(
  report: Pick<FfmpegReport, "frames" | "decoded" | "concealed">,
  packets: number,
  planned: number,
): Damage {
  const { frames, decoded, concealed } = report;
  if (frames === 0) throw new RejectionError("CORRUPT", "no frame could be decoded");
  if (decoded !== null && decoded < packets / 2)
    throw new RejectionError("CORRUPT", `${decoded} of ${packets} frames could be decoded`);
  if (concealed > (decoded ?? packets) / 4)
    throw new RejectionError("CORRUPT", `${concealed} of ${decoded ?? packets} frames are damaged`);
  if (frames < planned * 0.9 - rounding)
    throw new RejectionError("TRUNCATED", `${frames} of ${planned} frames are there`);
  return {
    undecoded: Math.max(0, packets - (decoded ?? packets)),
    concealed,
    missing: planned - frames > rounding ? planned - frames : 0,
  };
}
