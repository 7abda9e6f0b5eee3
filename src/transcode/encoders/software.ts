import type { Codec } from "../base/codec.ts";
import type { VideoEncoder } from "./encoder.ts";
import { svtav1 } from "./svtav1.ts";
import { x264 } from "./x264.ts";
import { x265 } from "./x265.ts";

/** The encoders that need no GPU. */
export const softwareEncoders: Record<Codec, VideoEncoder> = { h264: x264, hevc: x265, av1: svtav1 };
