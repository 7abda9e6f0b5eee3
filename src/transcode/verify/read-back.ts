import { resolve } from "node:path";
import { z } from "zod";
import type { Operation } from "../../base/processes/operation.ts";
import { askReader, type ReadingOptions } from "../base/reading.ts";

const ReadPacket = z.object({
  /** Seconds. */
  time: z.number(),
  /** By the bitstream, which decides whether decoding can start there; sound can start anywhere. */
  key: z.boolean(),
});
export type ReadPacket = z.infer<typeof ReadPacket>;

/** A finished track as a player finds it. */
const ReadTrack = z.object({
  /** RFC 6381. */
  codec: z.string().nullable(),
  /** Null for sound. */
  picture: z
    .object({ width: z.number(), height: z.number(), rotation: z.number(), color: z.string() })
    .nullable(),
  packets: z.array(ReadPacket),
});
export type ReadTrack = z.infer<typeof ReadTrack>;

/** `primaries/transfer/matrix/range` of everything that Kiln writes. */
export const outputColor = "bt709/bt709/bt709/limited";

const Request = z.object({ playlist: z.string().min(1) });

export const readBackOperation: Operation<z.infer<typeof Request>, never, ReadTrack[]> = {
  name: "read-back",
  request: Request,
  report: z.never(),
  answer: z.array(ReadTrack),
};

/**
 * Reads all tracks that a playlist leads to, every packet, without decoding, in a bounded child process.
 * @throws as askReader
 */
export const readBack = (playlist: string, reading?: ReadingOptions): Promise<ReadTrack[]> =>
  askReader(readBackOperation, { playlist: resolve(playlist) }, reading);
