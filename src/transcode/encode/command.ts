import { join } from "node:path";
import { type FfmpegCommand, fileUrl, hardened } from "../base/ffmpeg.ts";
import type { Policy } from "../base/settings.ts";
import { decoderOptions, deviceOptions } from "../gpu/cuda.ts";
import { type EncodePath, encodePaths, encoderOf } from "../gpu/encode-path.ts";
import type { Part } from "../plan/division.ts";
import { perSecond } from "../plan/frame-rate.ts";
import { picturesIn } from "../plan/picture-plan.ts";
import type { EncodePlan } from "../plan/plan.ts";
import { soundFilters } from "../plan/sound.ts";
import { filterGraph } from "./filter-graph.ts";

/** Where the command writes: one file a rendition, one of audio, one of raw frames a kind of picture. */
export const intermediates = (plan: EncodePlan, folder: string) => ({
  videos: plan.renditions.map(({ name }) => join(folder, `${name}.mp4`)),
  audio: plan.audio === null ? null : join(folder, "audio.mp4"),
  pictures: {
    poster: join(folder, "poster.rgb"),
    storyboard: join(folder, "storyboard.rgb"),
    preview: join(folder, "preview.rgb"),
  },
});

/**
 * One ffmpeg process that decodes once and writes every rendition, the audio and the raw frames of all pictures.
 * @param part the stretch that is encoded; each file begins at zero. Pictures without a frame in it get no file
 */
export function command(
  plan: EncodePlan,
  path: EncodePath,
  policy: Policy,
  folder: string,
  part: Part = plan.parts[0]!,
): FfmpegCommand {
  const files = intermediates(plan, folder);
  const videos = plan.renditions.map((rendition, index) => {
    const encoder = encoderOf(path, rendition.codec);
    return {
      options: [
        ...["-map", `[v${index}]`, "-c:v", encoder.name],
        ...encoder.options({ ...rendition, segments: segmentsOf(plan, part) }, policy),
        ...bt709,
        // The filters have made the rate constant; ffmpeg must not do it again.
        ...["-fps_mode", "passthrough"],
        ...anonymous,
        ...fragments,
        ...shortFragments,
      ],
      target: files.videos[index]!,
    };
  });
  const audio = plan.audio?.encoded === "with the picture" && {
    // A graph of its own: the video's filters must not restart with the sound's.
    options: [
      "-map",
      `0:${plan.audio.stream}`,
      "-af",
      soundFilters(plan.audio.level, secondsOf(plan)),
      ...soundEncoding(plan.audio),
    ],
    target: files.audio!,
  };
  const pictures = picturesIn(plan.pictures, part).map((kind) => ({
    options: ["-map", `[${kind}]`, "-c:v", "rawvideo", "-fps_mode", "passthrough", "-f", "rawvideo"],
    target: files.pictures[kind],
  }));
  return {
    inputOptions: [
      ...gpuOptions(path),
      ...seek(plan, part),
      // Kiln judges damage by the frames that come out, not by ffmpeg's own threshold.
      ...["-max_error_rate", "1"],
      // A change of size in the source would restart the filters, and with them the output's clock.
      ...["-reinit_filter:v", "0"],
      ...hardened(plan.input.demuxer),
    ],
    input: fileUrl(plan.input.path),
    filterGraph: filterGraph(plan, path, part),
    outputs: [...videos, ...(audio ? [audio] : []), ...pictures],
  };
}

/** Only the video's beginning has short segments. */
const segmentsOf = ({ segments }: EncodePlan, { start }: Part) =>
  start === 0 ? segments : { ...segments, short: 0 };

/**
 * Opens the source shortly before a part. Frames keep their time in the file and the filters count them on the grid
 * of the whole output, so nothing depends on where exactly the demuxer lands.
 */
function seek({ frameRate, video: { coded } }: EncodePlan, { start }: Part): string[] {
  if (start === 0) return [];
  // Demuxers seek by decoding time, which may run ahead by as many frames as H.264 and HEVC may reorder.
  const early = 1 + 16 / coded.rate;
  const seconds = Math.max(0, start / perSecond(frameRate) - early);
  // The frame that is shown when the part begins may be a long time old: none from the keyframe on is dropped.
  return ["-copyts", "-start_at_zero", "-noaccurate_seek", "-ss", seconds.toFixed(3)];
}

/** ffmpeg's options for the sound's encoder and its file. */
export const soundEncoding = ({ bitrate }: { bitrate: number }): string[] => [
  ...["-c:a", "aac", "-b:a", `${bitrate}`, "-ac", "2"],
  ...anonymous,
  ...fragments,
  ...["-frag_duration", "1000000"],
];

/** Of every rendition, and so of the sound. */
export const secondsOf = ({ frames, frameRate }: EncodePlan): number => frames / perSecond(frameRate);

function gpuOptions(path: EncodePath): string[] {
  if (path.name === "software") return [];
  const decoder = encodePaths[path.name].decode === "card" ? decoderOptions : [];
  return [...deviceOptions(path.card.device), ...decoder];
}

const bt709 = [
  "-color_range",
  "tv",
  "-colorspace",
  "bt709",
  "-color_primaries",
  "bt709",
  "-color_trc",
  "bt709",
];

/** No place, device or time of recording, and no muxer's version. */
const anonymous = [
  "-map_metadata",
  "-1",
  "-map_chapters",
  "-1",
  "-fflags",
  "+bitexact",
  "-flags",
  "+bitexact+cgop",
];

/** The one set of flags with which video starts at 0 and the audio's priming is kept exactly. */
const fragments = [
  ...["-movflags", "+frag_keyframe+delay_moov+default_base_moof"],
  // A fragment reaches the file when it is complete, not when 256 KB have come together.
  ...["-flush_packets", "1", "-f", "mp4"],
];
/** A segment is complete when the keyframe after it is seen, so that should not wait for its whole group. */
const shortFragments = ["-frag_duration", "250000"];
