import type { Policy } from "../base/settings.ts";
import { perSecond } from "../plan/frame-rate.ts";
import { pictureKinds } from "../plan/picture-plan.ts";
import type { EncodePlan } from "../plan/plan.ts";

/** Peak disk use of a transcode in bytes: beside the finished folder, and for parts that wait. */
export type DiskSpace = { work: number; parts: number };

/** Two channels of 48,000 floating-point samples: the sound between two runs of ffmpeg. */
const mixedSound = 48_000 * 2 * 4;
/** Posters, storyboard, preview and playlists, finished. */
const finished = 2 * 1024 ** 2;

/**
 * How much disk a plan needs where every rendition stays at its highest rate. An intermediate is removed as soon
 * as it is packaged, so the disk holds a video once, and its largest rendition twice; the parts of a divided one stay
 * until everything is verified. Pure.
 */
export function diskSpace(plan: EncodePlan, { mp4 }: Pick<Policy, "mp4">): DiskSpace {
  const seconds = plan.frames / perSecond(plan.frameRate);
  const bytes = (bitsPerSecond: number) => Math.ceil((bitsPerSecond * seconds) / 8);
  const renditions = plan.renditions.map(({ maxrate }) => bytes(maxrate));
  const video = sum(renditions);
  const largest = Math.max(...renditions);
  const sound = plan.audio === null ? 0 : bytes(plan.audio.bitrate);
  const mixing = plan.audio?.channels === "changing" ? Math.ceil(mixedSound * seconds) : 0;
  const raw = sum(
    pictureKinds.map((kind) => {
      const { width, height, count } = plan.pictures[kind];
      return width * height * 3 * count;
    }),
  );
  const single = mp4 === "on" ? largest + sound : 0;
  const common = video + 2 * sound + mixing + raw + single + finished;
  return plan.parts.length > 1
    ? { work: common, parts: video + raw }
    : { work: common + largest + (mp4 === "on" ? largest : 0), parts: 0 };
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, some) => total + some, 0);
