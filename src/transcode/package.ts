import {
  BufferTarget,
  CmafOutputFormat,
  FilePathSource,
  HlsOutputFormat,
  Input,
  MP4,
  Output,
  PathedTarget,
  ReadableStreamSource,
  type Target,
} from "mediabunny";
import { TypedError } from "../telemetry/typed-error.ts";
import { growingFile } from "./growing-file.ts";
import { zeroTimes } from "./init-segment.ts";
import { firstSampleEnd } from "./media-segment.ts";
import { packetFeed, present } from "./packet-feed.ts";
import { maxSegmentBytes } from "./plan.ts";
import { type StoredFile, storeContent } from "./stored-file.ts";

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
  /** Exact: counted from the timestamps of the frames. */
  seconds: number;
  /** Up to the end of the first frame, in video a keyframe. */
  keyframeBytes: number;
};

/** One of ffmpeg's intermediates, and how to cut it. */
export type Intermediate = {
  name: string;
  kind: Track["kind"];
  file: string;
  /** Of the video; it makes the timescale exact. */
  framesPerSecond: number;
  segmentSeconds: number;
  /** Packets that start later are left out: sound that outlasts the video makes loops stutter. */
  endSeconds: number;
};

export type PackageOptions = {
  out: string;
  signal?: AbortSignal | undefined;
  ended?: AbortSignal | undefined;
  onStored?: ((file: StoredFile, index: number | "init") => void) | undefined;
};

/** Segments that may wait in memory for the disk. */
const maxWaiting = 4;

/**
 * Cuts an intermediate into CMAF segments, one set for HLS and DASH, named after their content. Every track
 * is an output of its own: the packager would mux a single rendition with its audio, and hold back the faster.
 * @param out folder that receives the segments
 * @param ended given when the file is still being written; aborted when that has ended
 * @param onStored told of every file in its order, as soon as it is complete
 * @throws TypedError SEGMENT_TOO_LARGE when one does not fit into a canister chunk, PACKAGE_FAILED
 */
export async function packageTrack(
  { name, kind, file, framesPerSecond, segmentSeconds, endSeconds }: Intermediate,
  { out, signal, ended, onStored }: PackageOptions,
): Promise<Track> {
  const bytes = ended ? new ReadableStreamSource(growingFile(file, ended)) : new FilePathSource(file);
  using input = new Input({ source: bytes, formats: [MP4] });
  let init: StoredFile | null = null;
  const files: Omit<Segment, "seconds">[] = [];
  let seconds: number[] = [];
  let written = Promise.resolve();
  let waiting = 0;
  const store = (target: Target, path: string, keep: (stored: StoredFile) => void) => {
    const content = contentOf(target);
    if (content.byteLength > maxSegmentBytes)
      throw new TypedError(
        "SEGMENT_TOO_LARGE",
        `${path} has ${content.byteLength} bytes, at most ${maxSegmentBytes} fit into a canister chunk: lower KILN_LADDER`,
      );
    waiting++;
    written = written.then(async () => {
      keep(await storeContent(out, path, content, `${kind}/mp4`));
      waiting--;
    });
    // It is awaited below; until then a full disk must not count as an unhandled rejection.
    written.catch(() => {});
  };
  const output = new Output({
    format: new HlsOutputFormat({
      segmentFormat: new CmafOutputFormat(),
      targetDuration: segmentSeconds,
      onInit: (target) => {
        zeroTimes(contentOf(target));
        store(target, `${name}/init.mp4`, (stored) => {
          init = stored;
          onStored?.(stored, "init");
        });
      },
      onSegment: (target, { n }) => {
        const keyframeBytes = firstSampleEnd(contentOf(target));
        store(target, `${name}/${n - 1}.m4s`, (file) => {
          files.push({ file, keyframeBytes });
          onStored?.(file, n - 1);
        });
      },
      onPlaylist: (playlist) => {
        seconds = extinf(playlist);
      },
    }),
    target: new PathedTarget("master.m3u8", () => new BufferTarget()),
  });
  const feed = await packetFeed(input, { name, kind, framesPerSecond, output });

  await output.start();
  let packets = 0;
  for await (const packet of feed.sink.packets()) {
    signal?.throwIfAborted();
    // The encoder's priming: the packager would shift the first segment for it, and only that one.
    if (packet.timestamp < 0 || packet.timestamp >= endSeconds) continue;
    await feed.add(packet);
    packets++;
    if (waiting >= maxWaiting) await written;
  }
  await output.finalize();
  await written;
  const segments = files.map((stored, index) => ({
    ...stored,
    seconds: present(seconds[index] ?? null, name),
  }));
  return { name, kind, codec: feed.codec, packets, init: present<StoredFile>(init, name), segments };
}

const contentOf = (target: Target) => new Uint8Array((target as BufferTarget).buffer!);

const extinf = (playlist: string) =>
  [...playlist.matchAll(/^#EXTINF:([\d.]+),/gm)].map(([, seconds]) => Number(seconds));
