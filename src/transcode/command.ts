import { join } from "node:path";
import { colorFilters } from "./color.ts";
import type { VideoEncoder } from "./encoders/encoder.ts";
import { type FfmpegCommand, fileUrl, hardened } from "./ffmpeg.ts";
import { fraction, perSecond } from "./frame-rate.ts";
import { selection } from "./picture-plan.ts";
import type { EncodePlan } from "./plan.ts";
import type { Policy } from "./settings.ts";
import { soundFilters } from "./sound.ts";

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

/** One ffmpeg process that decodes once and writes every rendition, the audio and the raw frames of all pictures. */
export function command(
  plan: EncodePlan,
  encoder: VideoEncoder,
  policy: Policy,
  folder: string,
): FfmpegCommand {
  const files = intermediates(plan, folder);
  const videos = plan.renditions.map((rendition, index) => ({
    options: [
      ...["-map", `[v${index}]`, "-c:v", encoder.name],
      ...encoder.options({ ...rendition, gop: plan.gop }, policy),
      ...bt709,
      // The filters have made the rate constant; ffmpeg must not do it again.
      ...["-fps_mode", "passthrough"],
      ...anonymous,
      ...fragments,
    ],
    target: files.videos[index]!,
  }));
  const audio = plan.audio && {
    options: [
      // A graph of its own: sound that changes its channels half-way must not start the video's filters anew.
      ...[
        "-map",
        `0:${plan.audio.stream}`,
        "-af",
        soundFilters(plan.audio.level, plan.frames / perSecond(plan.frameRate)),
        "-c:a",
        "aac",
        "-b:a",
        `${plan.audio.bitrate}`,
        "-ac",
        "2",
      ],
      ...anonymous,
      ...fragments,
      ...["-frag_duration", "1000000"],
    ],
    target: files.audio!,
  };
  const pictures = pictureKinds.map((kind) => ({
    options: ["-map", `[${kind}]`, "-c:v", "rawvideo", "-fps_mode", "passthrough", "-f", "rawvideo"],
    target: files.pictures[kind],
  }));
  return {
    inputOptions: [
      // Damage is judged by us from the frames that come out, not by ffmpeg's own threshold.
      ...["-max_error_rate", "1"],
      // A source that changes its size half-way would start the filters, and so the output's clock, anew.
      ...["-reinit_filter:v", "0"],
      ...hardened(plan.input.demuxer),
    ],
    input: fileUrl(plan.input.path),
    filterGraph: filterGraph(plan),
    outputs: [...videos, ...(audio ? [audio] : []), ...pictures],
  };
}

const pictureKinds = ["poster", "storyboard", "preview"] as const;

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

/** No place, device or time of recording, and no encoder's version: the same input gives the same bytes. */
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
const fragments = ["-movflags", "+frag_keyframe+delay_moov+default_base_moof", "-f", "mp4"];

/** Video: rate, first scaler and colour, then each rung from the one above it (a quarter cheaper than from the top). */
function filterGraph(plan: EncodePlan): string {
  const { video, renditions, pictures } = plan;
  const last = renditions.length - 1;
  // Never more than planned: a damaged clock must not make the video endless, or longer than its sound.
  const rate = [`fps=${fraction(plan.frameRate)}:start_time=0`, `trim=end_frame=${plan.frames}`];
  const shape = colorFilters(video.conversion, renditions[0]!);
  const head = [
    ...(video.deinterlace === "no" ? [] : ["bwdif=mode=send_frame:deint=interlaced"]),
    ...(plan.rateOrder === "drop before scaling" ? [...rate, ...shape] : [...shape, ...rate]),
  ];
  const chains = [
    `[0:${video.stream}]${head.join(",")},split=${last === 0 ? 2 : 3}[v0][p]${last === 0 ? "" : "[s1]"}`,
    ...renditions.slice(1).map(({ width, height }, offset) => {
      const index = offset + 1;
      const scale = `[s${index}]scale=${width}:${height}:flags=bicubic,setsar=1`;
      return index === last ? `${scale}[v${index}]` : `${scale},split=2[v${index}][s${index + 1}]`;
    }),
    `[p]split=${pictureKinds.length}${pictureKinds.map((kind) => `[p_${kind}]`).join("")}`,
    ...pictureKinds.map((kind) => {
      const { width, height } = pictures[kind];
      return `[p_${kind}]select=${selection(pictures[kind])},scale=${width}:${height}:flags=bicubic,format=rgb24[${kind}]`;
    }),
  ];
  return chains.join(";");
}
