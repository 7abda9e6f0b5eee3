import type { GpuErrorCode } from "../../base/errors.ts";
import type { Codec } from "../base/codec.ts";
import type { VideoEncoder } from "../encoders/encoder.ts";
import { nvenc } from "../encoders/nvenc.ts";
import { svtav1 } from "../encoders/svtav1.ts";
import { x264 } from "../encoders/x264.ts";
import { x265 } from "../encoders/x265.ts";
import type { EncodePlan } from "../plan/plan.ts";
import type { GpuCapabilities } from "./gpu-capabilities.ts";

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

/** A GPU as a command needs it: its number for CUDA, its name for us (null: it has not been detected), what it can do. */
export type Card = { device: number; uuid: string | null; can: GpuCapabilities };

export type EncodePath =
  | { name: "software" }
  | { name: "nvdec"; card: Card }
  /** `codecs` are encoded on the card, the others in software. */
  | { name: "nvdec+nvenc" | "nvenc"; card: Card; codecs: readonly Codec[] };

/** A path that was not taken, or that failed; with a codec, one that was taken without that codec. */
export type Fallback = { from: PathName; reason: string; codec?: Codec | undefined };

/** The paths that are open for a plan, best first, and why the better ones are not. */
export type Choice = { open: readonly [...EncodePath[], { name: "software" }]; closed: Fallback[] };

/** The encoders that need no GPU. */
export const softwareEncoders: Record<Codec, VideoEncoder> = { h264: x264, hevc: x265, av1: svtav1 };

/** Every plan can be encoded in software. */
const software = { name: "software" } as const;
export const softwareOnly: Choice = { open: [software], closed: [] };

/** On which side a path encodes a codec. */
export const encodesOn = (path: EncodePath, codec: Codec): "card" | "memory" =>
  "codecs" in path && path.codecs.includes(codec) ? "card" : "memory";

/** The encoder of a path for a codec. */
export function encoderOf(path: EncodePath, codec: Codec): VideoEncoder {
  if (!("codecs" in path) || encodesOn(path, codec) === "memory") return softwareEncoders[codec];
  const encoder = path.card.can.encoders[codec];
  if (!encoder.works) throw new Error(`no path with NVENC is open without ${codec}: ${encoder.reason}`);
  return nvenc(codec, encoder.features);
}

/** For the manifest. */
export function describeEncoder({ renditions }: EncodePlan, path: EncodePath) {
  const names = new Set(renditions.map(({ codec }) => encoderOf(path, codec).name));
  return { name: [...names].join("+"), path: path.name };
}

/** Paths that may still work after a failure; after any other failure only software is left. */
const stillOpen: Partial<Record<GpuErrorCode | "OUTPUT_INVALID", readonly PathName[]>> = {
  SESSION_LIMIT: ["nvdec"],
  NO_NVENC_DEVICE: ["nvdec"],
  NVDEC_UNSUPPORTED: ["nvenc"],
  // Frames that are decoded in memory take less of the card's.
  GPU_OUT_OF_MEMORY: ["nvenc"],
  // It is unknown which half of the card wrote rubbish: the next path avoids one of them.
  OUTPUT_INVALID: ["nvenc", "nvdec"],
};

/** The paths that are left after one has failed: one step down, and none that would fail the same way. Pure. */
export function stepDown(below: readonly EncodePath[], code: string): EncodePath[] {
  const kept: readonly PathName[] = [...(stillOpen[code as keyof typeof stillOpen] ?? []), "software"];
  return below.filter(({ name }) => kept.includes(name));
}
