/** What ebur128 measured of a sound track, mixed to stereo as it will be encoded. */
export type Loudness = {
  /** LUFS, gated (ITU-R BS.1770-4); -70 where nothing passes the gate. */
  integrated: number;
  /** dBTP: of the curve between the samples, as a converter draws it. */
  truePeak: number;
};

/** How a sound track is brought to the target. */
export type Level = {
  /** The same for the whole track: its dynamics are the creator's choice. */
  decibels: number;
  /** Whether peaks above the limit are held down. */
  peaks: "as they are" | "limited";
  why: "to the target" | "as far as allowed" | "too quiet" | "too short" | "not measured";
};

/** For a sound track that was not measured. */
export const untouched: Level = { decibels: 0, peaks: "as they are", why: "not measured" };

/** Decibels; more would amplify hiss and hum. */
const maxGain = 12;
/** LUFS; anything quieter is noise, not content: silent rooms measure about -60. */
const minLoudness = -50;
/** Seconds: one block of BS.1770, the shortest that can be measured. */
const minSeconds = 0.4;
/**
 * Limit of peaks (dBTP). EBU R 128 requires -1 of the output; AAC at 128 kbit/s adds up to a decibel to the peaks of
 * loud music.
 */
export const peakCeiling = -2;

/**
 * Decides the gain: constant, at most +12 dB, downwards without limit; none for what is too quiet or too short to
 * be measured.
 * @param seconds of sound
 * @param target LUFS
 * @source EBU R 128, and its supplement 2 for streaming
 */
export function level({ integrated, truePeak }: Loudness, seconds: number, target: number): Level {
  const why = seconds < minSeconds ? "too short" : integrated < minLoudness ? "too quiet" : null;
  const wanted = why === null ? target - integrated : 0;
  const decibels = Math.round(Math.min(maxGain, wanted) * 10) / 10;
  return {
    decibels,
    peaks: truePeak + decibels > peakCeiling ? "limited" : "as they are",
    why: why ?? (wanted > maxGain ? "as far as allowed" : "to the target"),
  };
}

/**
 * Reads the summaries that ebur128 logs: one, or one for each stretch of a track that changes its channels; then
 * the loudest counts, so that no stretch is brought above the target.
 * @returns null when there is none: the track could not be decoded
 */
export function loudnessOf(log: readonly string[]): Loudness | null {
  const read = (pattern: RegExp) =>
    log.flatMap((line) => {
      const value = pattern.exec(line)?.[1];
      return value === undefined ? [] : [value === "-inf" ? Number.NEGATIVE_INFINITY : Number(value)];
    });
  const integrated = read(/^\s+I:\s+(-?[\d.]+|-inf) LUFS/);
  const peaks = read(/^\s+Peak:\s+(-?[\d.]+|-inf) dBFS/);
  if (integrated.length === 0 || peaks.length === 0) return null;
  return { integrated: Math.max(-70, ...integrated), truePeak: Math.max(-200, ...peaks) };
}

/** Formats of the decoded sound: ffmpeg rebuilds its filters at each change, and logs their input. */
export function soundFormatsOf(log: readonly string[]): string[] {
  const given = log.flatMap((line) => /samplefmt:\S+ samplerate:\d+ chlayout:.+$/.exec(line)?.[0] ?? []);
  return [...new Set(given)];
}
