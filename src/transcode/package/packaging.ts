import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Reporting } from "../base/progress.ts";
import { intermediates } from "../encode/command.ts";
import { perSecond } from "../plan/frame-rate.ts";
import type { EncodePlan } from "../plan/plan.ts";
import type { Intermediate } from "./intermediate.ts";
import { packageTrack, type Track } from "./package.ts";

/**
 * The encoder's files and how each is cut: renditions largest first, then the sound.
 * @param folder of the sound, and of all that is in one piece
 * @param parts folders of the renditions of each part
 * @param frames in every rendition: sound ends with the last
 */
export function cuts(
  plan: EncodePlan,
  { folder, parts, frames }: { folder: string; parts: readonly string[]; frames: number },
): Intermediate[] {
  const { audio } = intermediates(plan, folder);
  const divided = parts.map((part, index) => ({
    files: intermediates(plan, part).videos,
    start: plan.parts[index]!.start,
  }));
  const framesPerSecond = perSecond(plan.frameRate);
  const cut = {
    framesPerSecond,
    segments: plan.segments,
    endSeconds: frames / framesPerSecond,
  };
  return [
    ...plan.renditions.map(({ name }, index) => ({
      name,
      kind: "video" as const,
      parts: divided.map(({ files, start }) => ({ file: files[index]!, start })),
      ...cut,
    })),
    ...(audio === null
      ? []
      : [{ name: "audio", kind: "audio" as const, parts: [{ file: audio, start: 0 }], ...cut }]),
  ];
}

/**
 * Packages all tracks, and removes each intermediate that is not needed again, so that the disk never holds all of them
 * beside all of the segments.
 * @param early tracks that were packaged while they were encoded, and stay as they are
 * @param read sources that are read again
 */
export async function packageTracks(
  sources: readonly Intermediate[],
  { out, early, read }: { out: string; early: readonly Track[]; read: readonly Intermediate[] },
  { signal, progress }: Reporting,
): Promise<Track[]> {
  const tracks: Track[] = [];
  for (const source of sources) {
    const done = early.find(({ name }) => name === source.name);
    if (!done) await rm(join(out, source.name), { recursive: true, force: true });
    tracks.push(done ?? (await packageTrack(source, { out, signal })));
    if (!read.includes(source)) for (const { file } of source.parts) await rm(file);
    progress("package", tracks.length / sources.length);
  }
  return tracks;
}
