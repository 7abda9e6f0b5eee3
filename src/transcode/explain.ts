import type { Conversion } from "./plan/color.ts";
import { fraction, perSecond } from "./plan/frame-rate.ts";
import { type Level, peakCeiling } from "./plan/loudness.ts";
import type { LadderDecision } from "./plan/per-title.ts";
import { type EncodePlan, shownSize } from "./plan/plan.ts";
import { durationsAgree } from "./probe/durations.ts";
import type { Source } from "./probe/screen.ts";

/** Explains in words how a source will be encoded, and why. Pure; one sentence an element. */
export function explain(source: Source, plan: EncodePlan): string[] {
  return [
    ...pictureSentences(source, plan),
    rateSentence(source, plan),
    ...durationSentences(source),
    ...holdSentences(plan),
    colorSentence(plan.video.conversion),
    ...ladderSentences(plan),
    segmentSentence(plan),
    ...partSentences(plan),
    ...soundSentences(source, plan),
    ...captionSentences(source),
  ];
}

function pictureSentences({ video, container }: Source, plan: EncodePlan): string[] {
  const shown = shownSize(video);
  const turned = [
    ...(video.rotation === 0 ? [] : [`turned by ${video.rotation} degrees`]),
    ...(video.mirrored ? ["mirrored"] : []),
    ...(video.pixelAspect === 1 ? [] : [`its pixels ${video.pixelAspect.toFixed(3)} times as wide as high`]),
  ];
  return [
    `Stream ${video.index} of the ${container.name} file is encoded: ${video.codec}, ${video.width}x${video.height}` +
      (turned.length === 0
        ? "."
        : `, ${turned.join(", ")}, so shown at ${Math.round(shown.width)}x${Math.round(shown.height)}; the renditions are upright.`),
    ...(video.frameSize === "constant"
      ? []
      : ["Its size changes: the one that is shown longest counts, and other frames get bars."]),
    ...(plan.video.deinterlace === "no" ? [] : ["Its interlaced frames are made progressive."]),
  ];
}

function rateSentence({ video: { timing, declaredRate } }: Source, plan: EncodePlan): string {
  const kept = `${plan.frames} frames at a constant ${fraction(plan.frameRate)} a second`;
  const measured = `${timing.packets} frames measured at ${timing.rate.toFixed(2)} a second`;
  const steady = timing.constant ? "evenly spaced" : "unevenly spaced";
  const declared =
    Math.abs(declaredRate / timing.rate - 1) < 0.05 ? "" : ` (declared: ${declaredRate.toFixed(2)})`;
  const change = perSecond(plan.frameRate) / timing.rate;
  const why =
    change < 0.98
      ? ", the highest rate allowed"
      : change <= 1.05
        ? ""
        : timing.constant
          ? ", each of its frames repeated"
          : ", the next standard rate above";
  return `${measured}${declared}, ${steady}, become ${kept}${why}.`;
}

function durationSentences({ video }: Source): string[] {
  if (durationsAgree(video) !== false) return [];
  return [
    `It lasts ${video.timing.duration.toFixed(2)} s by ffprobe's packets and ${video.otherDuration!.toFixed(2)} s by mediabunny's: those that ffmpeg decodes count.`,
  ];
}

function holdSentences({ held, frameRate }: EncodePlan): string[] {
  if (held === 0) return [];
  const seconds = (held / perSecond(frameRate)).toFixed(2);
  return [
    `Its sound lasts ${seconds} s longer than its picture, so the last frame is held until the sound ends.`,
  ];
}

function colorSentence(from: Conversion): string {
  switch (from.kind) {
    case "hdr":
      return `HDR (${from.transfer === "smpte2084" ? "PQ" : "HLG"}, ${from.primaries}) is tone-mapped to SDR BT.709, which every screen shows alike.`;
    case "wide":
      return `Wide gamut (${from.primaries}) is converted to BT.709, which every screen shows alike.`;
    case "sdr":
      return from.from === "tagged"
        ? "Its colours are tagged SDR and become BT.709 at video range."
        : `Its colours are not tagged: taken as ${from.from.matrix} by the picture's size; they become BT.709 at video range.`;
  }
}

function ladderSentences({ renditions, ladder }: EncodePlan): string[] {
  const rungs = renditions.map(
    ({ name, width, height, bitrate }) =>
      `${name} (${width}x${height}, at most ${kilobits(bitrate)} on average)`,
  );
  return [`Renditions, never larger than the source: ${rungs.join(", ")}.`, ...decisionSentences(ladder)];
}

function decisionSentences(ladder: LadderDecision): string[] {
  if (ladder.kind === "standard")
    return [
      `The bitrates are the standard ones: fitting them to the video was ${ladder.why === "switched off" ? "switched off" : "not possible, its excerpts hold no picture"}.`,
    ];
  return [
    `Excerpts were encoded to see how hard the video is: the ceilings are ${ladder.factor.toFixed(2)} times the standard ones.`,
    ...ladder.dropped.map(({ rung, why }) =>
      why === "same picture"
        ? `${rung} is left out: the next smaller rendition, scaled up, is the same picture.`
        : `${rung} is left out: a larger rendition takes so little that every network carries it.`,
    ),
  ];
}

function segmentSentence({ segments, frameRate }: EncodePlan): string {
  const { segment, group, short } = segments;
  const seconds = (frames: number) => `${(frames / perSecond(frameRate)).toFixed(3)} s (${frames} frames)`;
  const beginning =
    short === 0
      ? ""
      : `; the first ${short} of ${seconds(group)}, so that playback begins after half the bytes`;
  return `All renditions are cut at the same keyframes into segments of ${seconds(segment)}, short enough for a canister's chunk whatever the content${beginning}.`;
}

function partSentences({ parts, frameRate }: EncodePlan): string[] {
  if (parts.length === 1) return [];
  const longest = Math.max(...parts.map(({ frames }) => frames)) / perSecond(frameRate);
  return [
    `It is long, so its picture is encoded in ${parts.length} parts of up to ${longest.toFixed(1)} s, cut at frames where a segment begins and joined again; its sound stays in one piece.`,
  ];
}

function soundSentences({ audio, undecodableSound }: Source, plan: EncodePlan): string[] {
  if (plan.audio === null || audio === null)
    return [
      undecodableSound.length > 0
        ? `Its sound (${undecodableSound.join(", ")}) cannot be decoded by this ffmpeg, so the video will be silent.`
        : "It has no sound, and none is added.",
    ];
  return [
    `Stream ${audio.index} is the sound: ${audio.codec}, ${audio.channels} channels at ${audio.sampleRate} Hz, mixed to stereo AAC of ${kilobits(plan.audio.bitrate)}.`,
    ...(plan.audio.channels === "changing"
      ? ["It changes its channels half-way, so it is mixed to stereo by a run of its own."]
      : []),
    levelSentence(plan.audio.level),
  ];
}

function captionSentences({ captions, lostCaptions }: Source): string[] {
  const named = captions.map(({ codec, language }) =>
    language === null ? codec : `${codec} in ${language}`,
  );
  return [
    ...(captions.length > 0 ? [`Its captions become WebVTT: ${named.join(", ")}.`] : []),
    ...(lostCaptions.length > 0 ? [`Its captions in ${lostCaptions.join(", ")} cannot be kept.`] : []),
  ];
}

function levelSentence({ decibels, peaks, why }: Level): string {
  const limited = peaks === "limited" ? ` Peaks above ${peakCeiling} dBTP are held down.` : "";
  const gain = `${decibels > 0 ? "+" : ""}${decibels} dB`;
  switch (why) {
    case "to the target":
      return `Its loudness is brought to the target by ${gain}.${limited}`;
    case "as far as allowed":
      return `It is so quiet that the highest gain, ${gain}, does not reach the target.${limited}`;
    case "too quiet":
      return `It is too quiet to be meant, so its level stays as it is.${limited}`;
    case "too short":
      return `It is too short for its loudness to be measured, so its level stays as it is.${limited}`;
    case "not measured":
      return "Its level stays as it is.";
  }
}

const kilobits = (bits: number) => `${Math.round(bits / 1000)} kbit/s`;
