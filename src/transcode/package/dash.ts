import type { CaptionTrack } from "../captions/store-captions.ts";
import { type FrameRate, fraction } from "../plan/frame-rate.ts";
import { bandwidth, total, type VideoTrack } from "./hls.ts";
import type { Segment, Track } from "./package.ts";

const audioRate = 48_000;

/**
 * Seconds that the manifest is longer than the longest track, which browsers cut to microseconds: dash.js 5 stops
 * the video where the manifest ends, and does so without `ended`, and without a loop, if it checks that a moment
 * before the browser itself has ended.
 */
const slack = 0.001;

/**
 * The DASH manifest over the segments of the HLS playlists. Segments are listed, not numbered, because
 * their names carry a hash; a timeline gives the duration of each.
 * @source ISO/IEC 23009-1, 5.3.9.3 (SegmentList), 5.3.9.6 (SegmentTimeline)
 */
export function mediaPresentation(
  videos: readonly VideoTrack[],
  audio: Track | null,
  { frameRate, captions }: { frameRate: FrameRate; captions: readonly CaptionTrack[] },
): string {
  const { numerator } = frameRate;
  const tracks = audio === null ? videos : [...videos, audio];
  const duration = iso(Math.max(...tracks.map(({ segments }) => total(segments))) + slack);
  const longest = Math.max(...videos.flatMap(({ segments }) => segments.map(({ seconds }) => seconds)));
  const sets = [
    ...byCodec(videos).map((some) => ({
      attributes: `contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1" frameRate="${fraction(frameRate)}"`,
      representations: some.map((video) =>
        representation(
          video,
          longest,
          numerator,
          `width="${video.width}" height="${video.height}" sar="1:1"`,
          "",
        ),
      ),
    })),
    ...(audio === null
      ? []
      : [
          {
            attributes: 'contentType="audio" mimeType="audio/mp4" segmentAlignment="true" startWithSAP="1"',
            representations: [
              representation(audio, longest, audioRate, `audioSamplingRate="${audioRate}"`, stereo),
            ],
          },
        ]),
    ...captions.map(captionSet),
  ];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-main:2011" type="static" mediaPresentationDuration="${duration}" minBufferTime="${iso(longest)}">`,
    `<Period id="0" start="PT0S" duration="${duration}">`,
    ...sets.flatMap(({ attributes, representations }, id) => [
      `<AdaptationSet id="${id}" ${attributes}>`,
      ...representations,
      "</AdaptationSet>",
    ]),
    "</Period>",
    "</MPD>",
    "",
  ].join("\n");
}

/** Captions as one file. @source DASH-IF IOP, 6.4.4 */
const captionSet = ({ name, language, label, file }: CaptionTrack) => ({
  attributes: `contentType="text" mimeType="text/vtt" lang="${language}"`,
  representations: [
    `<Label>${label.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</Label>`,
    '<Role schemeIdUri="urn:mpeg:dash:role:2011" value="subtitle"/>',
    `<Representation id="captions-${name}" bandwidth="1000">`,
    `<BaseURL>${file.path}</BaseURL>`,
    "</Representation>",
  ],
});

/** A player switches within a set, and a decoder does not switch codecs: those of each codec are a set. */
const byCodec = (videos: readonly VideoTrack[]): VideoTrack[][] => [
  ...Map.groupBy(videos, ({ codec }) => codec.slice(0, 4)).values(),
];

const stereo =
  '<AudioChannelConfiguration schemeIdUri="urn:mpeg:dash:23003:3:audio_channel_configuration:2011" value="2"/>\n';

/**
 * Bits per second at which every segment arrives before it is played, when playback starts `ahead` seconds after the first
 * bit of any segment.
 * @source ISO/IEC 23009-1, 5.3.5.2, @bandwidth
 */
export function sufficient(segments: readonly Pick<Segment, "seconds" | "file">[], ahead: number): number {
  let highest = 0;
  for (let first = 0; first < segments.length; first++) {
    let bits = 0;
    let seconds = ahead;
    for (const segment of segments.slice(first)) {
      bits += 8 * segment.file.bytes;
      highest = Math.max(highest, bits / seconds);
      seconds += segment.seconds;
    }
  }
  return Math.ceil(highest);
}

function representation(
  track: Track,
  ahead: number,
  timescale: number,
  attributes: string,
  inside: string,
): string {
  const rate = Math.max(bandwidth(track.segments).peak, sufficient(track.segments, ahead));
  return [
    `<Representation id="${track.name}" codecs="${track.codec}" bandwidth="${rate}" ${attributes}>`,
    `${inside}<SegmentList timescale="${timescale}">`,
    `<Initialization sourceURL="${track.init.path}"/>`,
    `<SegmentTimeline>${timeline(track, timescale)}</SegmentTimeline>`,
    ...track.segments.map(({ file }) => `<SegmentURL media="${file.path}"/>`),
    "</SegmentList>",
    "</Representation>",
  ].join("\n");
}

/** An entry for each segment, without `r`: where entries repeat, dash.js 5 uses the address of the wrong segment. */
function timeline({ segments }: Track, timescale: number): string {
  return segments
    .map(({ seconds }, index) => {
      const start = index === 0 ? ' t="0"' : "";
      return `<S${start} d="${Math.round(seconds * timescale)}"/>`;
    })
    .join("");
}

const iso = (seconds: number) => `PT${Number(seconds.toFixed(6))}S`;
