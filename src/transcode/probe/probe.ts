import { open, stat } from "node:fs/promises";
import { fileUrl, hardened, runFfprobe } from "../base/ffmpeg.ts";
import { RejectionError } from "../base/rejection.ts";
import { type Limits, type Policy, readingOf, TranscodeSettings } from "../base/settings.ts";
import { holdsClosedCaptions } from "./closed-captions.ts";
import { type Container, headBytes, isPhoto, sniff } from "./container.ts";
import { isEncrypted } from "./encryption.ts";
import { FfprobeReport, ffprobeEntries } from "./ffprobe-report.ts";
import { withFrameSizes } from "./frame-sizes.ts";
import { referenceFormat } from "./reference-format.ts";
import { secondOpinion } from "./second-opinion.ts";
import { type CaptionStream, type Streams, streamsOf, type VideoStream } from "./streams.ts";

/** What a video file is, as far as encoding it needs to know. Sizes in pixels, times in seconds. */
export type Probe = Streams & {
  path: string;
  bytes: number;
  container: Container;
  /** Bytes that the container promises and the file lacks. */
  missingBytes: number;
};

/**
 * Reads what a file is. The first bytes decide which demuxer may read it, ffprobe lists streams and
 * packets, mediabunny fills in what ffprobe leaves open.
 * @throws RejectionError FILE_NOT_FOUND, NOT_A_FILE, EMPTY_FILE, NOT_A_VIDEO,
 *   FORBIDDEN_CONTAINER, ENCRYPTED, TRUNCATED, CORRUPT, TOO_LARGE
 * @throws TypedError PROBE_LIMIT when ffprobe was killed for its bounds
 * @param reading what it may use
 * @param maxBytes of the file; a larger one is not even read
 * @param motionPhotos whether the video inside a photo is wanted
 */
export async function probe(
  path: string,
  {
    maxBytes = Number.POSITIVE_INFINITY,
    motionPhotos = "refused",
    reading = readingOf(TranscodeSettings.parse({})),
    signal,
  }: Partial<Pick<Limits, "maxBytes" | "motionPhotos"> & Pick<Policy, "reading">> & {
    signal?: AbortSignal | undefined;
  } = {},
): Promise<Probe> {
  const { container, bytes, missingBytes, closedCaptions } = await identify(path, { maxBytes, motionPhotos });
  try {
    const printed = await runFfprobe(
      [...hardened(container.demuxer), ...ffprobeEntries, "-i", fileUrl(path)],
      { signal, bounds: reading },
    );
    const report = FfprobeReport.parse(JSON.parse(printed));
    const found = {
      path,
      bytes,
      container,
      missingBytes: holdsAllPackets(report) ? 0 : missingBytes,
      ...streamsOf(report, container.clock),
    };
    if (found.video === null) return found;
    if (closedCaptions) found.captions = [...found.captions, inPicture(found.video)];
    const bounds = { ...reading, seconds: reading.secondOpinionSeconds };
    const video = await secondOpinion(path, found.video, { bounds, signal });
    return { ...found, video: await withFrameSizes(path, container, video, { bounds: reading, signal }) };
  } catch (error) {
    // Without its end an mp4 has no index at all: what is missing explains what ffprobe cannot read.
    if (error instanceof RejectionError && error.code === "CORRUPT" && missingBytes > 0)
      throw new RejectionError("TRUNCATED", `at least ${missingBytes} bytes are missing`, { cause: error });
    throw error;
  }
}

const inPicture = ({ index }: VideoStream): CaptionStream => ({ index, codec: "eia_608", language: null });

/** By the container's own index: then only a box's size field is wrong. */
const holdsAllPackets = ({ streams, packets }: FfprobeReport): boolean =>
  streams.length > 0 &&
  streams.every(({ index, nb_frames: promised }) => {
    const read = packets.filter(({ stream_index, flags }) => stream_index === index && !flags.includes("C"));
    return promised !== undefined && promised > 0 && read.length >= promised;
  });

async function identify(path: string, { maxBytes, motionPhotos }: Pick<Limits, "maxBytes" | "motionPhotos">) {
  const unreadable = (cause: unknown) => {
    // Node reads names as UTF-8 and puts this character where they are something else.
    const why = path.includes("\ufffd") ? `${path}: its name is not UTF-8, rename it` : path;
    throw new RejectionError("FILE_NOT_FOUND", why, { cause });
  };
  const found = await stat(path).catch(unreadable);
  if (!found.isFile()) throw new RejectionError("NOT_A_FILE", path);
  if (found.size === 0) throw new RejectionError("EMPTY_FILE");
  if (found.size > maxBytes)
    throw new RejectionError("TOO_LARGE", `${found.size} bytes, at most ${maxBytes} are taken`);
  await using file = await open(path).catch(unreadable);
  const head = new Uint8Array(headBytes);
  const { bytesRead } = await file.read(head, 0, headBytes, 0);
  const container = sniff(head.subarray(0, bytesRead));
  if (container === null) {
    const reference = referenceFormat(head.subarray(0, bytesRead));
    throw reference === null
      ? new RejectionError("NOT_A_VIDEO")
      : new RejectionError("FORBIDDEN_CONTAINER", `it is ${reference}`);
  }
  if (motionPhotos === "refused" && isPhoto(head))
    throw new RejectionError("NOT_A_VIDEO", "it is a photo: --motion-photo takes the video inside it");
  if (await isEncrypted(file, found.size, container)) throw new RejectionError("ENCRYPTED");
  return {
    container,
    bytes: found.size,
    missingBytes: await container.missingBytes(file, found.size),
    closedCaptions: await holdsClosedCaptions(file, found.size),
  };
}
