import type { Random } from "../../base/random.ts";
import type { Audience } from "./audience.ts";

export type Video = {
  id: string;
  creator: string;
  topic: number;
  /** Around 1. */
  quality: number;
  lengthMs: number;
  /** From the first day of the simulation; negative when it was there before. */
  publishedOn: number;
};

export type Viewer = {
  id: string;
  /** A share for each topic. */
  taste: Float64Array;
  sessionsPerDay: number;
  joinsOn: number;
  seen: Set<number>;
};

/** Videos that were there at the start were published within this many days before it. */
const past = 14;

export function makeVideos(audience: Audience, random: Random): Video[] {
  return Array.from({ length: audience.videos }, (_, index) => ({
    id: `video-${index + 1}`,
    creator: `creator-${1 + random.integer(audience.creators)}`,
    topic: random.integer(audience.topics),
    quality: random.gamma(2) / 2,
    lengthMs: Math.round(1000 * Math.min(60, Math.max(4, 15 * Math.exp(0.5 * random.normal())))),
    publishedOn: isThere(audience, random) ? -random.integer(past) : random.integer(audience.days),
  }));
}

export function makeViewers(audience: Audience, random: Random): Viewer[] {
  return Array.from({ length: audience.viewers }, (_, index) => ({
    id: `viewer-${index + 1}`,
    taste: random.dirichlet(audience.tasteConcentration, audience.topics),
    sessionsPerDay: audience.sessionsPerDay * random.gamma(1),
    joinsOn: isThere(audience, random) ? 0 : random.integer(audience.days),
    seen: new Set(),
  }));
}

const isThere = ({ presentAtStart }: Audience, random: Random) => random.next() < presentAtStart;
