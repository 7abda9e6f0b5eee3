import type { Source } from "../../src/transcode/probe/screen.ts";
import type { VideoStream } from "../../src/transcode/probe/streams.ts";

/** A plain 1080p30 clip of two seconds with stereo sound, changed where a case says so. */
export function source(video: Partial<VideoStream> = {}, rest: Partial<Source> = {}): Source {
  return {
    path: "/in/clip.mp4",
    bytes: 1_000_000,
    container: { name: "mp4", demuxer: "mov", clock: "continuous", missingBytes: async () => 0 },
    missingBytes: 0,
    audio: { index: 1, codec: "aac", channels: 2, sampleRate: 44_100, start: 0, end: 2 },
    undecodableSound: [],
    captions: [],
    lostCaptions: [],
    streamCount: 2,
    ...rest,
    video: {
      index: 0,
      codec: "h264",
      tag: "avc1",
      width: 1920,
      height: 1080,
      pixelAspect: 1,
      rotation: 0,
      mirrored: false,
      pixelFormat: "yuv420p",
      color: { matrix: "bt709", transfer: "bt709", primaries: "bt709", range: "tv" },
      interlaced: false,
      frameSize: "constant",
      needsDolbyVision: false,
      start: 0,
      timing: { packets: 60, duration: 2, rate: 30, constant: true },
      otherDuration: 2,
      secondOpinionMissing: null,
      declaredRate: 30,
      ...video,
    },
  };
}
