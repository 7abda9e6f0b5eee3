import { rm } from "node:fs/promises";
import { join } from "node:path";
import { intermediates } from "./command.ts";
import { perSecond } from "./frame-rate.ts";
import type { Intermediate } from "./intermediate.ts";
import { packageTrack, type Track } from "./package.ts";
import type { EncodePlan } from "./plan.ts";
import type { Reporting } from "./progress.ts";

/**
 * The encoder's files and how each is cut: renditions largest first, then the sound.
 * @param folder of the intermediates
 * @param frames in every rendition: sound ends with the last
 */
export function cuts(plan: EncodePlan, folder: string, frames: number): Intermediate[] {
  const files = intermediates(plan, folder);
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
      parts: [{ file: files.videos[index]!, start: 0 }],
      ...cut,
    })),
    ...(files.audio === null
      ? []
      : [{ name: "audio", kind: "audio" as const, parts: [{ file: files.audio, start: 0 }], ...cut }]),
  ];
}

/** @param early tracks that were packaged while they were encoded, and stay as they are */
export async function packageTracks(
  sources: readonly Intermediate[],
  { out, early }: { out: string; early: readonly Track[] },
  { signal, progress }: Reporting,
): Promise<Track[]> {
  const tracks: Track[] = [];
  for (const source of sources) {
    const done = early.find(({ name }) => name === source.name);
    if (!done) await rm(join(out, source.name), { recursive: true, force: true });
    tracks.push(done ?? (await packageTrack(source, { out, signal })));
    progress("package", tracks.length / sources.length);
  }
  return tracks;
}
