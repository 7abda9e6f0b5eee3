import { z } from "zod";

/**
 * The simulated audience: every number that it depends on. The model:
 *
 * - **Videos** have a topic, a quality (gamma), a creator, a length, and a day on which they appear; those that are
 *   there from the start count as published before. New ones are cold: no viewer has seen them.
 * - **Trends**: each topic's weight in the feed wanders from day to day (an autoregressive process in the
 *   logarithm), and a video's weight halves as it ages, down to a floor.
 * - **Viewers** have a taste over topics (Dirichlet, few topics each), an activity (gamma: many come seldom, a few
 *   often) and a day on which they join.
 * - **Sessions**: a viewer comes with a mood, half the taste and half a whim, which now and then changes.
 * - **The feed** explores uniformly with a small probability; otherwise it draws a topic from the mood and a video
 *   of that topic by weight. It never repeats a video, and logs the exact propensity of what it showed.
 * - **Position bias**: the share of viewers who reach a place falls geometrically; a place that is not reached leaves
 *   an impression and nothing else.
 * - **Reactions**: the share of a video that is watched follows taste and quality with noise (a logistic of a
 *   normal); skips, likes, follows and the other signs follow from it.
 */
export const Audience = z.object({
  seed: z.int().default(1),
  viewers: z.int().min(1).max(1_000_000).default(1_000),
  videos: z.int().min(2).max(1_000_000).default(600),
  creators: z.int().min(1).default(60),
  topics: z.int().min(1).max(1_000).default(20),
  days: z.int().min(1).max(3_650).default(14),
  firstDay: z.iso.date().default("2026-01-05"),
  /** Of the videos, and of the viewers, that are there on the first day. */
  presentAtStart: z.number().min(0).max(1).default(0.6),
  sessionsPerDay: z.number().positive().default(0.6),
  /** Videos in one answer of the feed. */
  slate: z.int().min(1).max(100).default(20),
  /** The share of viewers at a place who go on to the next one. */
  examination: z.number().gt(0).max(1).default(0.95),
  exploration: z.number().gt(0).max(1).default(0.1),
  tasteConcentration: z.number().positive().default(0.12),
  moodChange: z.number().min(0).max(1).default(0.08),
  trendVolatility: z.number().min(0).default(0.3),
  /** Days after which a video's weight has halved. */
  freshness: z.number().positive().default(4),
});
export type Audience = z.output<typeof Audience>;
