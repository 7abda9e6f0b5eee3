import { join } from "node:path";
import { keyframes } from "../../src/transcode/encoders/keyframes.ts";
import { colorFilters } from "../../src/transcode/plan/color.ts";
import { fraction, perSecond } from "../../src/transcode/plan/frame-rate.ts";
import type { Size } from "../../src/transcode/plan/ladder.ts";
import type { EncodePlan } from "../../src/transcode/plan/plan.ts";

type Rendition = EncodePlan["renditions"][number];
export type Colors = "as they are" | "tone-mapped" | "tone-mapped small";

const before = (plan: EncodePlan) => ["-nostdin", "-v", "error", "-y", "-i", plan.input.path];
const hls = "-f hls -hls_list_size 0 -hls_playlist_type vod -hls_segment_type fmp4".split(" ");
const sound = (plan: EncodePlan) =>
  plan.audio === null ? [] : `-map 0:${plan.audio.stream} -c:a aac -b:a 128k -ar 48000 -ac 2`.split(" ");

/**
 * One ffmpeg command as a person who knows ffmpeg would write it for a plan's renditions: one decode, each size
 * from the one above it, the plan's colours, the encoder's options and the keyframes of Kiln, segments by ffmpeg's
 * own packager.
 */
export function handTuned(plan: EncodePlan, folder: string): string[] {
  const { renditions, video, frameRate, segments } = plan;
  const head = [...colorFilters(video.conversion, renditions[0]!), `fps=${fraction(frameRate)}`].join(",");
  const last = renditions.length - 1;
  const graph = [
    `[0:${video.stream}]${head},split=2[v0][s1]`,
    ...renditions.slice(1).map(({ width, height }, above) => {
      const index = above + 1;
      const scaled = `[s${index}]scale=${width}:${height}:flags=bicubic`;
      return index === last ? `${scaled}[v${index}]` : `${scaled},split=2[v${index}][s${index + 1}]`;
    }),
  ].join(";");
  const packaged = (name: string) => [
    ...hls,
    ...["-hls_time", "2", "-hls_fmp4_init_filename", `${name}-init.mp4`],
    join(folder, `${name}.m3u8`),
  ];
  return [
    ...[...before(plan), "-filter_complex", graph],
    ...renditions.flatMap(({ name, maxrate, bufsize }, index) => [
      ...`-map [v${index}] -c:v libx264 -preset veryfast -bf 5 -refs 2 -subq 3 -partitions p8x8,i8x8,i4x4 -rc-lookahead 40`.split(
        " ",
      ),
      ...`-profile:v high -crf 23 -maxrate ${maxrate} -bufsize ${bufsize}`.split(" "),
      ...[...keyframes(segments), "-sc_threshold", "0", "-map_metadata", "-1"],
      ...packaged(name),
    ]),
    ...(plan.audio === null ? [] : [...sound(plan), ...packaged("audio")]),
  ];
}

/**
 * PeerTube's own arguments for one rendition, at our ceiling.
 * @param colors `as they are`: PeerTube does not tone-map; for the same picture our filters do, `tone-mapped` before
 * PeerTube's own scaler, `tone-mapped small` in its place, at the rendition's size
 * @source PeerTube, packages/ffmpeg: presets and the default transcoding profile
 */
export function peerTube(
  plan: EncodePlan,
  rendition: Rendition,
  { folder, colors }: { folder: string; colors: Colors },
): string[] {
  const { width, height, name, maxrate } = rendition;
  const scale = `scale=w=${width}:h=${height}`;
  const mapped = (size: Size) => colorFilters(plan.video.conversion, size).join(",");
  const filters = {
    "as they are": () => scale,
    "tone-mapped": () => `${mapped(plan.renditions[0]!)},${scale}`,
    "tone-mapped small": () => mapped(rendition),
  }[colors]();
  const rate = perSecond(plan.frameRate);
  return [
    ...before(plan),
    ...peerTubeEncoding(maxrate, rate),
    ...["-vf", filters, "-map", `0:${plan.video.stream}`, ...sound(plan)],
    ...[...hls, "-hls_time", "4", "-hls_flags", "single_file", join(folder, `${name}.m3u8`)],
  ];
}

/** @param maxrate bits per second */
export const peerTubeEncoding = (maxrate: number, rate: number): string[] => [
  ..."-max_muxing_queue_size 1024 -map_metadata -1 -pix_fmt yuv420p -c:v libx264 -preset veryfast".split(" "),
  ...`-maxrate ${maxrate} -bufsize ${2 * maxrate} -b_strategy 1 -bf 16 -r ${rate} -g ${Math.round(2 * rate)}`.split(
    " ",
  ),
];
