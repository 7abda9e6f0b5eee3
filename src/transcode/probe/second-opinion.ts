import { z } from "zod";
import type { Operation } from "../../base/processes/operation.ts";
import { TypedError } from "../../base/typed-error.ts";
import { askReader, type ReadingOptions } from "../base/reading.ts";
import type { Color, VideoStream } from "./streams.ts";

const Request = z.object({
  path: z.string().min(1),
  /** Of the stream as stored: the primary track may be another. */
  width: z.int(),
  height: z.int(),
  /** Whether the colour is wanted, too. */
  color: z.boolean(),
});
export type Request = z.infer<typeof Request>;

const name = z.string().nullable();
const SecondOpinion = z.object({
  /** Seconds of its packets; null when they could not be read. */
  duration: z.number().nullable(),
  color: z
    .object({ matrix: name, transfer: name, primaries: name, range: z.enum(["tv", "pc"]).nullable() })
    .nullable(),
  /** Why there is no duration; null when there is one. */
  missing: z.string().nullable(),
});
export type SecondOpinion = z.infer<typeof SecondOpinion>;

export const secondOpinionOperation: Operation<Request, never, SecondOpinion> = {
  name: "second opinion",
  request: Request,
  report: z.never(),
  answer: SecondOpinion,
};

/**
 * Has mediabunny read the stream that ffprobe's packets chose: its colour, from the bitstream, where ffprobe reports
 * none, and the duration of its packets. When that fails or is late, ffprobe's word stands, and the stream says why.
 * @throws the signal's reason when it was aborted
 */
export async function secondOpinion(
  path: string,
  video: VideoStream,
  reading: ReadingOptions,
): Promise<VideoStream> {
  const { width, height } = video;
  const { matrix, transfer, primaries } = video.color;
  const request = { path, width, height, color: !(matrix && transfer && primaries) };
  const opinion = await askReader(secondOpinionOperation, request, reading).catch((error: unknown) => {
    reading.signal?.throwIfAborted();
    if (!(error instanceof TypedError)) throw error;
    return { duration: null, color: null, missing: error.message };
  });
  return {
    ...video,
    color: opinion.color ? filled(video.color, opinion.color) : video.color,
    otherDuration: opinion.duration,
    secondOpinionMissing: opinion.missing,
  };
}

const filled = (first: Color, second: Color): Color => ({
  matrix: first.matrix ?? second.matrix,
  transfer: first.transfer ?? second.transfer,
  primaries: first.primaries ?? second.primaries,
  range: first.range ?? second.range,
});
