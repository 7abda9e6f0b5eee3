import type { Container } from "./container.ts";
import { needsDolbyVision } from "./dolby-vision.ts";
import type { FfprobeReport, FfprobeStream } from "./ffprobe-report.ts";
import { type Orientation, orientation } from "./orientation.ts";
import { type Packet, type Timing, timing } from "./timing.ts";

export type VideoStream = Orientation & {
  index: number;
  codec: string;
  /** As stored, before rotation. */
  width: number;
  height: number;
  /** Width of a pixel over its height. */
  pixelAspect: number;
  /** ffmpeg's name; null when no frame could be examined. */
  pixelFormat: string | null;
  color: Color;
  interlaced: boolean;
  /** Dolby Vision whose base layer cannot be shown alone. */
  needsDolbyVision: boolean;
  /** Seconds after the file's start at which the first frame is shown. */
  start: number;
  /** By ffprobe's packets. */
  timing: Timing;
  /** Seconds by mediabunny's packets; null where it does not read the file. */
  otherDuration: number | null;
  /** Frames per second that the container declares. */
  declaredRate: number;
};

/** ffmpeg's names; null where neither container nor bitstream states it. */
export type Color = {
  matrix: string | null;
  transfer: string | null;
  primaries: string | null;
  range: "tv" | "pc" | null;
};

export type AudioStream = { index: number; codec: string; channels: number; sampleRate: number };

/** The streams of a file that are encoded. */
export type Streams = {
  /** The one with the most frames x area; null when there is none. */
  video: VideoStream | null;
  /** The first that can be decoded and has packets. */
  audio: AudioStream | null;
  /** Of any kind, also those that are not encoded. */
  streamCount: number;
};

/** Chooses the streams of a report. Pure. */
export function streamsOf(report: FfprobeReport, clock: Container["clock"]): Streams {
  const packets = Map.groupBy(shown(report), ({ stream }) => stream);
  const packetsOf = ({ index }: FfprobeStream) => packets.get(index) ?? [];
  const weight = (stream: FfprobeStream) => packetsOf(stream).length * stream.width * stream.height;
  const [video] = report.streams
    .filter((stream) => stream.codec_type === "video" && stream.disposition.attached_pic === 0)
    .toSorted((one, other) => weight(other) - weight(one));
  const audio = report.streams.find((stream) => decodableSound(stream) && packets.has(stream.index));
  return {
    video:
      video === undefined
        ? null
        : videoOf(
            video,
            timing(packetsOf(video), clock),
            startOf(packetsOf(video)) - report.format.start_time,
          ),
    audio: audio === undefined ? null : audioOf(audio),
    streamCount: report.streams.length,
  };
}

/** A stream without a decoder has no sample format. */
const decodableSound = ({ codec_type, sample_fmt, channels, sample_rate }: FfprobeStream) =>
  codec_type === "audio" && sample_fmt !== null && channels > 0 && sample_rate > 0;

const audioOf = ({ index, codec_name, channels, sample_rate }: FfprobeStream): AudioStream => ({
  index,
  codec: codec_name ?? "unknown",
  channels,
  sampleRate: sample_rate,
});

/** The packets that are shown: an edit list marks those that it cuts away with a D. */
function shown({ packets }: FfprobeReport): (Packet & { stream: number })[] {
  return packets.flatMap(({ stream_index, pts_time, dts_time, duration_time, flags }) => {
    const time = pts_time ?? dts_time;
    return time === undefined || flags.includes("D")
      ? []
      : [{ stream: stream_index, time, duration: duration_time }];
  });
}

/** Frames are reordered by a few positions at most; much later ones may belong to a restarted clock. */
const startOf = (packets: readonly Packet[]) => Math.min(...packets.slice(0, 64).map(({ time }) => time));

function videoOf(stream: FfprobeStream, measured: Timing, start: number): VideoStream {
  const sideData = stream.side_data_list;
  const aspect = stream.sample_aspect_ratio ?? 1;
  return {
    index: stream.index,
    codec: stream.codec_name ?? "unknown",
    width: stream.width,
    height: stream.height,
    // Ratios beyond 4 are damage, not anamorphic video.
    pixelAspect: aspect >= 0.25 && aspect <= 4 ? aspect : 1,
    ...orientation(sideData),
    pixelFormat: stream.pix_fmt,
    color: {
      matrix: stream.color_space,
      transfer: stream.color_transfer,
      primaries: stream.color_primaries,
      range: stream.color_range,
    },
    interlaced: /^(tt|bb|tb|bt)$/.test(stream.field_order ?? ""),
    needsDolbyVision: sideData.some(needsDolbyVision),
    start: Number.isFinite(start) ? Math.max(0, start) : 0,
    timing: measured,
    otherDuration: null,
    declaredRate: stream.r_frame_rate ?? Number.NaN,
  };
}
