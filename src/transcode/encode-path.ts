import type { Codec } from "./codec.ts";
import type { VideoEncoder } from "./encoders/encoder.ts";
import { nvenc } from "./encoders/nvenc.ts";
import { softwareEncoders } from "./encoders/software.ts";
import type { GpuCapabilities } from "./gpu-capabilities.ts";
import type { GpuFailureCode } from "./gpu-failure.ts";
import type { EncodePlan } from "./plan.ts";

/** The ways through the machine, best first: on which side frames are decoded and encoded. */
export const encodePaths = {
  /** Frames never leave the card. */
  "nvdec+nvenc": { decode: "card", encode: "card" },
  /** For sources that the card cannot decode, turn or tone-map. */
  nvenc: { decode: "memory", encode: "card" },
  /** For compute cards, which have no NVENC. */
  nvdec: { decode: "card", encode: "memory" },
  software: { decode: "memory", encode: "memory" },
} as const;
export const pathNames = Object.keys(encodePaths) as [PathName, ...PathName[]];
export type PathName = keyof typeof encodePaths;
type GpuPathName = Exclude<PathName, "software">;

/** A GPU as a command needs it: its number for CUDA, its name for us (null: nobody has seen it), what it can do. */
export type Card = { device: number; uuid: string | null; can: GpuCapabilities };

export type EncodePath = { name: "software" } | { name: GpuPathName; card: Card };

/** A path that was not gone, or not to its end. */
export type Fallback = { from: PathName; reason: string };

/** The paths that are open for a plan, best first, and why the better ones are not. */
export type Choice = { open: readonly [...EncodePath[], { name: "software" }]; closed: Fallback[] };

/** Every plan can be encoded in software. */
const software = { name: "software" } as const;
export const softwareOnly: Choice = { open: [software], closed: [] };

/** Decides which paths a plan may take on a card. Pure. */
export function choosePaths(plan: EncodePlan, card: Card): Choice {
  const open: EncodePath[] = [];
  const closed: Fallback[] = [];
  for (const name of ["nvdec+nvenc", "nvenc", "nvdec"] as const) {
    const { decode, encode } = encodePaths[name];
    const reason =
      (decode === "card" ? undecodable(plan, card.can) : null) ??
      (encode === "card" ? unencodable(plan, card.can) : null) ??
      (decode === "card" && encode === "card" ? unconvertible(plan, card.can) : null);
    if (reason === null) open.push({ name, card });
    else closed.push({ from: name, reason });
  }
  return { open: [...open, software], closed };
}

/** What NVDEC decodes on every GPU of the last ten years, by codec and pixel format; other things fall through at once. */
const decodable: Readonly<Record<string, readonly string[]>> = {
  h264: ["yuv420p", "yuvj420p"],
  hevc: ["yuv420p", "yuvj420p", "yuv420p10le"],
  vp8: ["yuv420p"],
  vp9: ["yuv420p", "yuv420p10le"],
  av1: ["yuv420p", "yuv420p10le"],
  mpeg2video: ["yuv420p"],
};

function undecodable({ video }: EncodePlan, { nvdec, filters }: GpuCapabilities): string | null {
  if (!nvdec.works) return nvdec.reason;
  const { codec, pixelFormat } = video.coded;
  if (!decodable[codec]?.includes(pixelFormat ?? "")) return `NVDEC does not take ${codec} in ${pixelFormat}`;
  if (video.deinterlace !== "no" && filters.deinterlace === null)
    return "this ffmpeg cannot deinterlace on the card";
  return null;
}

/** Sizes that NVENC takes, in pixels. @source lpms, NVIDIA's NvEncGetEncodeCaps */
const smallest = { width: 146, height: 50 };
const largest: Record<Codec, number> = { h264: 4096, hevc: 8192, av1: 8192 };

function unencodable({ renditions }: EncodePlan, { encoders, sessions }: GpuCapabilities): string | null {
  for (const { codec, width, height } of renditions) {
    const encoder = encoders[codec];
    if (!encoder.works) return encoder.reason;
    if (width < smallest.width || height < smallest.height || Math.max(width, height) > largest[codec])
      return `NVENC does not take ${width}x${height}`;
  }
  return renditions.length > sessions
    ? `${renditions.length} renditions, and the driver allows ${sessions} sessions`
    : null;
}

/** CUDA's filters scale, but do not convert between matrices; a tone map and a transposer are in some builds only. */
function unconvertible({ video }: EncodePlan, { filters }: GpuCapabilities): string | null {
  const { coded, conversion } = video;
  if ((coded.rotation !== 0 || coded.mirrored) && !filters.transpose)
    return "this ffmpeg cannot turn pictures on the card";
  if (conversion.kind === "hdr") return filters.tonemap ? null : "this ffmpeg cannot tone-map on the card";
  const plain = conversion.kind === "sdr" && coded.colors === "bt709";
  return plain ? null : "this ffmpeg cannot convert these colours on the card";
}

/** The encoder of a path for a codec. */
export function encoderOf(path: EncodePath, codec: Codec): VideoEncoder {
  if (path.name === "software" || encodePaths[path.name].encode === "memory") return softwareEncoders[codec];
  const encoder = path.card.can.encoders[codec];
  if (!encoder.works) throw new Error(`no path with NVENC is open without ${codec}: ${encoder.reason}`);
  return nvenc(codec, encoder.features);
}

/** What a failure says of the other paths; one that says nothing leaves only software. */
const stillOpen: Partial<Record<GpuFailureCode, readonly PathName[]>> = {
  SESSION_LIMIT: ["nvdec"],
  NO_NVENC_DEVICE: ["nvdec"],
  NVDEC_UNSUPPORTED: ["nvenc"],
  // Frames that are decoded in memory take less of the card's.
  GPU_OUT_OF_MEMORY: ["nvenc"],
};

/** The paths that are left after one has failed: one step down, and none that would fail the same way. Pure. */
export function stepDown(below: readonly EncodePath[], code: string): EncodePath[] {
  const kept: readonly PathName[] = [...(stillOpen[code as GpuFailureCode] ?? []), "software"];
  return below.filter(({ name }) => kept.includes(name));
}
