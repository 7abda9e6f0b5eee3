import { type FrameRate, fraction } from "../plan/frame-rate.ts";
import { bandwidth, type VideoTrack } from "./hls.ts";
import type { Track } from "./package.ts";

const audioRate = 48_000;

/**
 * The DASH manifest over the segments of the HLS playlists. Segments are listed, not numbered, because
 * their names carry a hash; a timeline says how long each is.
 * @source ISO/IEC 23009-1, 5.3.9.3 (SegmentList), 5.3.9.6 (SegmentTimeline)
 */
export function mediaPresentation(
  videos: readonly VideoTrack[],
  audio: Track | null,
  { frameRate, duration }: { frameRate: FrameRate; duration: number },
): string {
  const { numerator } = frameRate;
  const longest = Math.max(...videos.flatMap(({ segments }) => segments.map(({ seconds }) => seconds)));
  const sets = [
    `<AdaptationSet id="0" contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1" frameRate="${fraction(frameRate)}">`,
    ...videos.map((video) =>
      representation(video, numerator, `width="${video.width}" height="${video.height}" sar="1:1"`, ""),
    ),
    "</AdaptationSet>",
    ...(audio
      ? [
          '<AdaptationSet id="1" contentType="audio" mimeType="audio/mp4" segmentAlignment="true" startWithSAP="1">',
          representation(audio, audioRate, `audioSamplingRate="${audioRate}"`, stereo),
          "</AdaptationSet>",
        ]
      : []),
  ];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-main:2011" type="static" mediaPresentationDuration="${iso(duration)}" minBufferTime="${iso(longest)}">`,
    `<Period id="0" start="PT0S" duration="${iso(duration)}">`,
    ...sets,
    "</Period>",
    "</MPD>",
    "",
  ].join("\n");
}

const stereo =
  '<AudioChannelConfiguration schemeIdUri="urn:mpeg:dash:23003:3:audio_channel_configuration:2011" value="2"/>\n';

function representation(track: Track, timescale: number, attributes: string, inside: string): string {
  const { peak } = bandwidth(track.segments);
  return [
    `<Representation id="${track.name}" codecs="${track.codec}" bandwidth="${peak}" ${attributes}>`,
    `${inside}<SegmentList timescale="${timescale}">`,
    `<Initialization sourceURL="${track.init.path}"/>`,
    `<SegmentTimeline>${timeline(track, timescale)}</SegmentTimeline>`,
    ...track.segments.map(({ file }) => `<SegmentURL media="${file.path}"/>`),
    "</SegmentList>",
    "</Representation>",
  ].join("\n");
}

/** `r` counts the segments after the first that are as long: "@r specifies the repeat count". */
function timeline({ segments }: Track, timescale: number): string {
  const runs: { duration: number; more: number }[] = [];
  for (const { seconds } of segments) {
    const duration = Math.round(seconds * timescale);
    const last = runs.at(-1);
    if (last?.duration === duration) last.more++;
    else runs.push({ duration, more: 0 });
  }
  return runs
    .map(({ duration, more }, index) => {
      const start = index === 0 ? ' t="0"' : "";
      return `<S${start} d="${duration}"${more === 0 ? "" : ` r="${more}"`}/>`;
    })
    .join("");
}

const iso = (seconds: number) => `PT${Number(seconds.toFixed(6))}S`;
