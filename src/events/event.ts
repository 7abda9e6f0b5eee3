import { createHash } from "node:crypto";
import { z } from "zod";
import { ulid, ulidPattern } from "../base/ulid.ts";

const Name = z
  .string({ error: "expected a text" })
  .regex(/^[^\p{Cc}]{1,128}$/u, { error: "expected 1 to 128 characters, no control characters" });

const count = (unit: string) =>
  z
    .int({ error: `expected a whole number of ${unit}` })
    .nonnegative({ error: `expected a number of ${unit}, not a negative one` });

const isoTime = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/** Seconds since 1970 lie below this until the year 33658, so a time in seconds is recognised. */
const firstMillisecond = 1_000_000_000_000;

const Time = z
  .union([z.int(), isoTime], { error: "expected milliseconds since 1970 or an ISO 8601 time with its zone" })
  .refine((time) => time >= firstMillisecond, {
    error: "lies before 2001: expected milliseconds since 1970, not seconds",
  });

const common = {
  id: z
    .string()
    .regex(ulidPattern, { error: "expected a ULID: 26 characters of Crockford's base 32" })
    .optional(),
  /** When it happened on the viewer's device. */
  at: Time,
  user: Name,
  video: Name,
  session: Name.optional(),
};

const plain = <Type extends string>(type: Type) => z.strictObject({ ...common, type: z.literal(type) });

const kinds = [
  z.strictObject({
    ...common,
    type: z.literal("impression"),
    /** Which part of the feed brought the video: trending, sequence, fresh... */
    source: Name,
    /** From 0, in the feed as it was shown. */
    position: count("places"),
    modelVersion: Name.optional(),
    /** The probability with which the policy showed this video at this place. */
    propensity: z
      .number({ error: "expected a probability" })
      .gt(0, { error: "expected a probability above 0" })
      .max(1, { error: "expected a probability of at most 1" }),
  }),
  z.strictObject({
    ...common,
    type: z.literal("watch"),
    /** May exceed the length: a short video plays in a loop. */
    watchedMs: count("milliseconds"),
    totalMs: count("milliseconds").positive({ error: "expected the video's length, above 0 milliseconds" }),
  }),
  z.strictObject({ ...common, type: z.literal("follow"), creator: Name }),
  plain("like"),
  plain("unlike"),
  plain("share"),
  plain("comment"),
  plain("hot_vote"),
  plain("not_vote"),
  plain("skip"),
  plain("not_interested"),
  plain("report"),
] as const;

/** What a viewer did with a video, as it arrives. Without an id it gets one derived from its content. */
export const EventInput = z.discriminatedUnion("type", kinds, {
  error: `expected one of ${kinds.map(({ shape }) => shape.type.value).join(", ")}`,
});

/** What a viewer did with a video. The same id is the same event, however often it is delivered. */
export const EngagementEvent = EventInput.transform(identified);
export type EngagementEvent = z.output<typeof EventInput> & { id: string };

/**
 * The event with its id. A derived id is a ULID of the event's time and the first 80 bits of the SHA-256 of its
 * fields, so that importing a file twice counts nothing twice.
 */
function identified(event: z.output<typeof EventInput>): EngagementEvent {
  if (event.id !== undefined) return { ...event, id: event.id };
  const content = JSON.stringify(Object.entries(event).toSorted(([one], [other]) => (one < other ? -1 : 1)));
  return { ...event, id: ulid(event.at, createHash("sha256").update(content).digest()) };
}

/** The UTC day of a time in milliseconds: 2026-11-21 */
export const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);
