import type { Container } from "./container.ts";
import { needsDolbyVision } from "./dolby-vision.ts";
import type { FfprobeReport, FfprobeSideData, FfprobeStream } from "./ffprobe-report.ts";
import { type Orientation, orientation } from "./orientation.ts";
import { type Packet, type Timing, timing } from "./timing.ts";

export type VideoStream = Orientation & {
  index: number;
  codec: string;
  /** The container's name for the codec: `avc1`. */
  tag: string;
  /** As stored, before rotation. */
  width: number;
  height: number;
  /** Width of a pixel over its height. */
  pixelAspect: number;
  /** ffmpeg's name; null when no frame could be examined. */
  pixelFormat: string | null;
  color: Color;
  interlaced: boolean;
  /** Whether the source changes its size; the stated one is then shown longest. */
  frameSize: "constant" | "changing";
  /** Dolby Vision whose base layer cannot be shown alone. */
  needsDolbyVision: boolean;
  /** Seconds after the file's start at which the first frame is shown. */
  start: number;
  /** By ffprobe's packets. */
  timing: Timing;
  /** Seconds by mediabunny's packets; null where it does not read the file. */
  otherDuration: number | null;
  /** Why there is no other duration; null when there is one. */
  secondOpinionMissing: string | null;
  /** Frames per second that the container declares. */
  declaredRate: number;
};

/** ffmpeg's names; null where neither container nor bitstream states it. */
export type Color = {
  matrix: string | null;
  transfer: string | null;
  primaries: string | null;
  range: "tv" | "pc" | null;
  /** The brightest light of HDR in cd/m2, where the file states it. */
  peak?: number;
};

export type AudioStream = {
  index: number;
  codec: string;
  channels: number;
  sampleRate: number;
  /** Seconds after the file's start at which the sound begins and ends. */
  start: number;
  end: number;
};

/** `language` is as the container states it. */
export type CaptionStream = { index: number; codec: string; language: string | null };

/** The streams of a file that are encoded. */
export type Streams = {
  /** The one with the most frames x area; null when there is none. */
  video: VideoStream | null;
  /** Of those that can be decoded and have packets the default one, else the first. */
  audio: AudioStream | null;
  /** Codecs of sound with packets that cannot be decoded, when that leaves the video without sound. */
  undecodableSound: readonly string[];
  /** Tracks of text, and the picture's own stream where it holds captions (`eia_608`). */
  captions: readonly CaptionStream[];
  /** Codecs of captions that cannot become text. */
  lostCaptions: readonly string[];
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
  const sounds = report.streams.filter(
    (stream) => stream.codec_type === "audio" && packets.has(stream.index),
  );
  const decodable = sounds.filter(isDecodableSound);
  // A disabled track of an MP4 is not a default one.
  const audio = decodable.find(({ disposition }) => disposition.default === 1) ?? decodable[0];
  const starts = [video, audio].flatMap((stream) => (stream ? [startOf(packetsOf(stream))] : []));
  // ffmpeg counts from the first packet of any stream, but where a clock may restart, from those of the mapped streams.
  const zero = clock === "continuous" ? report.format.start_time : Math.min(...starts);
  return {
    video:
      video === undefined
        ? null
        : videoOf(video, timing(packetsOf(video), clock), startOf(packetsOf(video)) - zero),
    audio: audio === undefined ? null : audioOf(audio, packetsOf(audio), { clock, zero }),
    undecodableSound: audio === undefined ? sounds.map(({ codec_name }) => codec_name ?? "unknown") : [],
    ...captionsOf(report, packets, clock),
    streamCount: report.streams.length,
  };
}

/** Text that ffmpeg converts to WebVTT. */
const textCodecs = new Set(["mov_text", "subrip", "webvtt", "ass", "ssa", "text"]);

function captionsOf(
  { streams }: FfprobeReport,
  packets: ReadonlyMap<number, unknown>,
  clock: Container["clock"],
): Pick<Streams, "captions" | "lostCaptions"> {
  const found = streams
    .filter(({ codec_type, index }) => codec_type === "subtitle" && packets.has(index))
    .map(({ index, codec_name, tags }) => ({
      index,
      codec: codec_name ?? "unknown",
      language: tags.language ?? null,
    }));
  // Where a clock may restart, text alone does not tell its place.
  const isText = ({ codec }: CaptionStream) => textCodecs.has(codec) && clock === "continuous";
  return {
    captions: found.filter(isText),
    lostCaptions: found.filter((stream) => !isText(stream)).map(({ codec }) => codec),
  };
}

/** A difference of picture and sound that viewers do not notice, beside one frame (seconds). */
const unnoticed = 0.3;

/** Seconds for which there is something to show: the last frame is held until longer sound ends. */
export function shownSeconds({
  video,
  audio,
}: {
  video: Pick<VideoStream, "start" | "timing">;
  audio: Pick<AudioStream, "end"> | null;
}): number {
  const picture = pictureSeconds(video);
  const frame = video.timing.rate > 0 ? 1 / video.timing.rate : 0;
  return audio !== null && audio.end - picture > frame + unnoticed ? audio.end : picture;
}

/** Seconds until the last frame of the source ends. */
export const pictureSeconds = ({ start, timing }: Pick<VideoStream, "start" | "timing">): number =>
  start + timing.duration;

/** A stream without a decoder has no sample format. */
const isDecodableSound = ({ sample_fmt, channels, sample_rate }: FfprobeStream) =>
  sample_fmt !== null && channels > 0 && sample_rate > 0;

/** A longer silence within the sound is a damaged clock, not content (seconds). */
const longestHole = 10;

function audioOf(
  { index, codec_name, channels, sample_rate }: FfprobeStream,
  packets: readonly Packet[],
  { clock, zero }: { clock: Container["clock"]; zero: number },
): AudioStream {
  const start = Math.max(0, startOf(packets) - zero);
  const played = packets.reduce((sum, { duration }) => sum + duration, 0);
  return {
    index,
    codec: codec_name ?? "unknown",
    channels,
    sampleRate: sample_rate,
    start,
    end: start + Math.min(timing(packets, clock).duration, played + longestHole),
  };
}

/** The packets that are shown: an edit list marks those that it cuts away with a D. */
function shown({ packets }: FfprobeReport): (Packet & { stream: number })[] {
  return packets.flatMap(({ stream_index, pts_time, dts_time, duration_time, flags }) => {
    const time = pts_time ?? dts_time;
    return time === undefined || flags.includes("D")
      ? []
      : [{ stream: stream_index, time, duration: duration_time, decode: dts_time }];
  });
}

/** Frames are reordered by a few positions at most; much later ones may belong to a restarted clock. */
const startOf = (packets: readonly Packet[]) => Math.min(...packets.slice(0, 64).map(({ time }) => time));

/** Of the brightest pixel, else of the display that it was mastered on. */
function peakOf(sideData: readonly FfprobeSideData[]): Pick<Color, "peak"> {
  const [peak] = [
    ...sideData.map(({ max_content }) => max_content),
    ...sideData.map(({ max_luminance }) => max_luminance),
  ].filter((value) => value !== undefined && value > 0);
  return peak === undefined ? {} : { peak };
}

function videoOf(stream: FfprobeStream, measured: Timing, start: number): VideoStream {
  const sideData = stream.side_data_list;
  const aspect = stream.sample_aspect_ratio ?? 1;
  return {
    index: stream.index,
    codec: stream.codec_name ?? "unknown",
    tag: stream.codec_tag_string,
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
      ...peakOf(sideData),
    },
    interlaced: /^(tt|bb|tb|bt)$/.test(stream.field_order ?? ""),
    frameSize: "constant",
    needsDolbyVision: sideData.some(needsDolbyVision),
    start: Number.isFinite(start) ? Math.max(0, start) : 0,
    timing: measured,
    otherDuration: null,
    secondOpinionMissing: "it was not asked for",
    declaredRate: stream.r_frame_rate ?? Number.NaN,
  };
}
