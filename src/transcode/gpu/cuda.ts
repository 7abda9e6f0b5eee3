import type { Size } from "../plan/ladder.ts";

/** One context on one GPU, for decoder, filters and encoders alike. */
export const deviceOptions = (device: number): string[] => [
  ...["-init_hw_device", `cuda=gpu:${device}`],
  ...["-filter_hw_device", "gpu"],
];

/** NVDEC, which leaves the frames on the card. */
export const decoderOptions: readonly string[] = [
  ...["-hwaccel", "cuda", "-hwaccel_device", "gpu", "-hwaccel_output_format", "cuda"],
  // ffmpeg would turn pictures by filters that only work in memory: ours do it.
  "-noautorotate",
  // NVDEC knows no frame threads; each would only take surfaces.
  ...["-threads", "1"],
];

/** jellyfin's filter, in its builds of ffmpeg only. */
export const cardToneMap =
  "tonemap_cuda=tonemap=bt2390:desat=0:primaries=bt709:transfer=bt709:matrix=bt709:range=tv:format=nv12";

/** @param format null: as the frames are */
export const cardScale = (
  { width, height }: Size,
  { format }: { format: string | null } = { format: "nv12" },
) => `scale_cuda=w=${width}:h=${height}:interp_algo=bicubic${format === null ? "" : `:format=${format}`}`;
/** @param format of the frames on the card: a download does not convert */
export const download = (format: string) => ["hwdownload", `format=${format}`];
