import { BufferTarget, CmafOutputFormat, Output } from "mediabunny";
import { TypedError } from "../../base/typed-error.ts";
import { type StoredFile, storeContent } from "../base/stored-file.ts";
import { maxSegmentBytes } from "../plan/plan.ts";
import { cut } from "./cut.ts";
import { type EncodedTrack, encodedTrack, type Packet, present } from "./encoded-track.ts";
import { zeroTimes } from "./init-segment.ts";
import type { Intermediate } from "./intermediate.ts";
import { firstSampleEnd } from "./media-segment.ts";

/** A packaged track: what playlists and manifests are written from. */
export type Track = {
  /** Also the folder of its files: `720p`, `audio`. */
  name: string;
  kind: "video" | "audio";
  /** RFC 6381: `avc1.64001f`, `mp4a.40.2`. */
  codec: string;
  packets: number;
  init: StoredFile;
  segments: Segment[];
};
export type Segment = {
  file: StoredFile;
  /** Exact: counted from the frames. */
  seconds: number;
  /** Up to the end of the first frame, in video a keyframe. */
  keyframeBytes: number;
};

export type PackageOptions = {
  out: string;
  signal?: AbortSignal | undefined;
  ended?: AbortSignal | undefined;
  onStored?: ((stored: Stored) => void) | undefined;
};

/** A file of a track as soon as it is complete; the initialisation segment has no duration. */
export type Stored = Segment & { index: number | "init"; codec: string };

/**
 * Cuts an intermediate into CMAF segments, one set for HLS and DASH, named after their content.
 * @param out folder that receives the segments
 * @param ended given when the file is still being written; aborted when that has ended
 * @param onStored called for every file in order, as soon as it is complete
 * @throws TypedError SEGMENT_TOO_LARGE when one does not fit into a canister chunk, PACKAGE_FAILED, PARTS_DIFFER
 */
export async function packageTrack(
  source: Intermediate,
  { out, signal, ended, onStored }: PackageOptions,
): Promise<Track> {
  const { name, kind } = source;
  using track = await encodedTrack(source, ended);
  let init: StoredFile | null = null;
  let packets = 0;
  const segments: Segment[] = [];
  const store = (path: string, content: Uint8Array) => storeContent(out, path, content, `${kind}/mp4`);
  for await (const { packets: some, seconds } of cut(source, track.packets())) {
    signal?.throwIfAborted();
    const { head, media } = await segmentOf(track, some);
    if (init === null) {
      init = await store(`${name}/init.mp4`, zeroTimes(head));
      onStored?.({ index: "init", codec: track.codec, file: init, seconds: 0, keyframeBytes: 0 });
    }
    const index = segments.length;
    if (media.byteLength > maxSegmentBytes) throw tooLarge(`${name}/${index}.m4s`, media.byteLength);
    const file = await store(`${name}/${index}.m4s`, media);
    const segment = { file, seconds, keyframeBytes: firstSampleEnd(media) };
    segments.push(segment);
    packets += some.length;
    onStored?.({ index, codec: track.codec, ...segment });
  }
  return { name, kind, codec: track.codec, packets, init: present<StoredFile>(init, name), segments };
}

/** One CMAF segment, and the initialisation segment, which is the same each time. */
async function segmentOf(
  track: EncodedTrack,
  packets: readonly Packet[],
): Promise<{ head: Uint8Array; media: Uint8Array }> {
  const [target, initTarget] = [new BufferTarget(), new BufferTarget()];
  const output = new Output({ format: new CmafOutputFormat(), target, initTarget });
  const { add } = track.addTo(output);
  await output.start();
  for (const packet of packets) await add(packet);
  await output.finalize();
  return { head: contentOf(initTarget), media: contentOf(target) };
}

const contentOf = ({ buffer }: BufferTarget) => new Uint8Array(buffer!);

const tooLarge = (path: string, bytes: number) =>
  new TypedError(
    "SEGMENT_TOO_LARGE",
    `${path} has ${bytes} bytes, at most ${maxSegmentBytes} fit into a canister chunk: lower KILN_LADDER`,
  );
