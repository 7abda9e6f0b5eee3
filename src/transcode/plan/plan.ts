import { maxChunkBytes } from "../../base/chunk-bytes.ts";
import type { Codec } from "../base/codec.ts";
import type { Policy } from "../base/settings.ts";
import type { Orientation } from "../probe/orientation.ts";
import type { Source } from "../probe/screen.ts";
import { pictureSeconds, shownSeconds, type VideoStream } from "../probe/streams.ts";
import { type Conversion, conversion, declared } from "./color.ts";
import { division, type Part } from "./division.ts";
import { type FrameRate, perSecond, snap } from "./frame-rate.ts";
import { ladder, type Rung, type Size } from "./ladder.ts";
import { type Level, level, untouched } from "./loudness.ts";
import { type Measurement, unmeasured } from "./measurement.ts";
import { type Difficulty, type LadderDecision, perTitle } from "./per-title.ts";
import { type PicturePlan, picturePlan } from "./picture-plan.ts";
import { type SegmentGrid, segmentGrid } from "./segment-grid.ts";

/** Everything that one encode does, as plain data. Sizes in pixels, rates in bits per second. */
export type EncodePlan = {
  input: { path: string; demuxer: string };
  video: {
    stream: number;
    coded: Coded;
    frameSize: VideoStream["frameSize"];
    deinterlace: "no" | "interlaced frames";
    conversion: Conversion;
    /** Seconds by which frames are shown earlier, so that those of a steady source lie on the output's grid. */
    shift: number;
  };
  frameRate: FrameRate;
  /** Whether the rate filter drops frames, and so should run before the scaler. */
  rateOrder: "drop before scaling" | "repeat after scaling";
  /** Of the output. */
  frames: number;
  /** Of these, how many at the end repeat the source's last frame, because its sound lasts longer. */
  held: number;
  /** Encoded separately; one for all but long videos. */
  parts: readonly Part[];
  segments: SegmentGrid;
  renditions: (Rung & { codec: Codec; maxrate: number; bufsize: number })[];
  /** Why these renditions. */
  ladder: LadderDecision;
  audio: {
    stream: number;
    bitrate: number;
    level: Level;
    channels: Measurement["channels"];
    /** Sound that changes its channels half-way, or whose picture is divided, is encoded by a run of its own. */
    encoded: "with the picture" | "apart";
  } | null;
  pictures: PicturePlan;
};

/** The source's frames as a decoder gives them, which decides what of the work a GPU can do. */
export type Coded = Orientation & {
  codec: string;
  /** ffmpeg's name; null when no frame could be examined. */
  pixelFormat: string | null;
  /** Frames per second of the source. */
  rate: number;
  /** Whether its matrix and range are those of every output. */
  colors: "bt709" | "other";
};

/** A chunk of a storage canister: no segment may be larger (bytes). */
export const maxSegmentBytes = maxChunkBytes;
/** Of that, what the samples may take; the rest is for the boxes around them. */
const sampleBits = maxSegmentBytes * 0.96 * 8;

const audioBitrate = 128_000;

/** Decides how a source is encoded. Pure. */
export function plan(
  source: Source,
  policy: Policy,
  { loudness, channels, difficulty }: Measurement = unmeasured,
): EncodePlan {
  const { video, audio } = source;
  const frameRate = snap(video.timing.rate, video.declaredRate, {
    spacing: video.timing.constant ? "steady" : "unsteady",
    cap: policy.maxFrameRate,
  });
  const rate = perSecond(frameRate);
  const { rungs, decision } = fittedLadder(ladder(shownSize(video), rate, policy.ladder), policy, difficulty);
  const top = rungs[0]!;
  const seconds = segmentSeconds(top.bitrate);
  const ending = (seconds: number) => Math.max(1, Math.round(seconds * rate));
  const shift = gridShift(video, rate);
  const own = ending(pictureSeconds(video) - shift);
  const frames = shownSeconds(source) > pictureSeconds(video) ? ending(shownSeconds(source)) : own;
  const segments = segmentGrid(seconds, rate, firstSegments(policy));
  const parts = division({ frames, own }, rate, { segments, clock: source.container.clock }, policy);
  return {
    input: { path: source.path, demuxer: source.container.demuxer },
    video: {
      stream: video.index,
      coded: coded(video),
      frameSize: video.frameSize,
      deinterlace: video.interlaced ? "interlaced frames" : "no",
      conversion: conversion(video.color, video, policy.toneMaps),
      shift,
    },
    frameRate,
    rateOrder: video.timing.rate > rate * 1.02 ? "drop before scaling" : "repeat after scaling",
    frames,
    held: frames - own,
    parts,
    segments,
    renditions: rungs.flatMap((rung) => policy.codecs.map((codec) => rendition(rung, codec, seconds))),
    ladder: decision,
    audio: audio && {
      stream: audio.index,
      bitrate: audioBitrate,
      level: loudness === null ? untouched : level(loudness, frames / rate, policy.loudness),
      channels,
      encoded: channels === "changing" || parts.length > 1 ? "apart" : "with the picture",
    },
    pictures: picturePlan(top, frames, rate),
  };
}

/** Viewers notice a larger difference of picture and sound (seconds). @source EBU R 37: sound at most 60 ms late */
const inSync = 0.06;

/** Without it, a picture that begins between two frames of the output would show its first frame twice. */
function gridShift({ start, timing }: VideoStream, rate: number): number {
  const shift = start - Math.floor(start * rate + 0.01) / rate;
  return timing.constant && shift > 0.0001 && shift <= inSync ? shift : 0;
}

/**
 * AV1's software encoder takes no single keyframes: it would have to repeat the short distance all through, which
 * costs a third more bits on easy content.
 */
const firstSegments = ({ codecs, firstSegments: wanted }: Policy) =>
  codecs.includes("av1") ? "full" : wanted;

/**
 * Ceilings beside H.264's. Only hard content meets them, so a hard clip decides (`kiln bench codecs`): the bits at
 * equal SSIM and at equal PSNR, their mean, to the nearest twentieth. Easy content ends below at constant quality.
 */
const share: Record<Codec, number> = { h264: 1, hevc: 0.7, av1: 0.85 };

/** `720p` is H.264, as every rung has it; the other codecs are in the name. */
function rendition(rung: Rung, codec: Codec, seconds: number): EncodePlan["renditions"][number] {
  const bitrate = Math.round((rung.bitrate * share[codec]) / 1000) * 1000;
  const name = codec === "h264" ? rung.name : `${rung.name}-${codec}`;
  return { ...rung, name, codec, bitrate, ...rateControl(bitrate, seconds) };
}

function coded(video: VideoStream): Coded {
  const { codec, pixelFormat, rotation, mirrored, timing } = video;
  const { matrix, range } = declared(video.color, video);
  const colors = matrix === "bt709" && range === "tv" ? "bt709" : "other";
  return { codec, pixelFormat, rotation, mirrored, rate: timing.rate, colors };
}

function fittedLadder(
  standard: Rung[],
  policy: Policy,
  difficulty: Difficulty | null,
): { rungs: Rung[]; decision: LadderDecision } {
  if (difficulty === null) {
    const why = policy.perTitle === "off" ? "switched off" : "not sampled";
    return { rungs: standard, decision: { kind: "standard", why } };
  }
  return perTitle(standard, difficulty, highestBitrate(segmentSeconds(standard[0]!.bitrate)));
}

/** The size on the screen: pixels made square, then turned. */
export function shownSize({ width, height, pixelAspect, rotation }: VideoStream): Size {
  const square = { width: width * pixelAspect, height };
  return rotation % 180 === 0 ? square : { width: square.height, height: square.width };
}

/** Peaks of a quarter over the ceiling, for as long as a segment lasts. */
function rateControl(bitrate: number, seconds: number) {
  return { maxrate: Math.round(bitrate * 1.25), bufsize: Math.round(bitrate * Math.min(1, seconds)) };
}

/**
 * The longest segment, two seconds if possible, that fits into a chunk whatever the content: in any time
 * t a rate-controlled encoder emits at most maxrate x t + bufsize bits (ITU-T H.264, annex C).
 */
function segmentSeconds(bitrate: number): number {
  const fits = (seconds: number) => {
    const { maxrate, bufsize } = rateControl(bitrate, seconds);
    return maxrate * seconds + bufsize <= sampleBits;
  };
  return [2, 1, 0.5].find(fits) ?? 0.25;
}

/** The highest ceiling at which segments of that length fit into a chunk. */
function highestBitrate(seconds: number): number {
  const { maxrate, bufsize } = rateControl(1e6, seconds);
  return (1e6 * sampleBits) / (maxrate * seconds + bufsize);
}
