import type { FfmpegReport } from "./ffmpeg.ts";
import { RejectionError } from "./rejection.ts";

/**
 * Judges a source by what came out of the decoder: ffmpeg ends with success on a file that is half missing.
 * @param packets of the source's video stream
 * @param planned frames that the packets' timestamps promise
 * @throws RejectionError CORRUPT when less than half of it could be decoded, TRUNCATED when its end is missing
 */
export function judge(report: FfmpegReport, packets: number, planned: number): void {
  if (report.frames === 0) throw new RejectionError("CORRUPT", "no frame could be decoded");
  if (report.decoded !== null && report.decoded < packets / 2)
    throw new RejectionError("CORRUPT", `${report.decoded} of ${packets} frames could be decoded`);
  if (report.frames < planned * 0.9 - 2)
    throw new RejectionError("TRUNCATED", `${report.frames} of ${planned} frames are there`);
}
