import { createHash } from "node:crypto";
import { z } from "zod";
import { ulid, ulidPattern } from "../base/ulid.ts";

const Name = z.string({ error: "expected a text" }).regex(/^[^\p{Cc}\p{Cs}]{1,128}$/u, {
  error: "expected 1 to 128 characters, no control characters",
});

const count = (unit: string) =>
  z
    .int({ error: `expected a whole number of ${unit}` })
    .nonnegative({ error: `expected a number of ${unit}, not a negative one` });

const isoTime = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

const years = { first: Date.UTC(2001), end: Date.UTC(2100) };

/** What is wrong with a time in milliseconds since 1970, which is often given in another unit. */
function timeProblem(time: number): string | undefined {
  if (time >= years.first && time < years.end) return undefined;
  const unit = [
    ["seconds", 1e-3],
    ["microseconds", 1e3],
  ] as const;
  for (const [name, factor] of unit)
    if (time >= years.first * factor && time < years.end * factor)
      return `looks like ${name} since 1970: expected milliseconds`;
  return `lies ${time < years.first ? "before 2001" : "after 2099"}: expected milliseconds since 1970`;
}

const Time = z
  .union([z.int(), isoTime], { error: "expected milliseconds since 1970 or an ISO 8601 time with its zone" })
  .superRefine((time, context) => {
    const message = timeProblem(time);
    // Aborts: the id is derived from the time.
    if (message !== undefined) context.addIssue({ code: "custom", message, continue: false });
  });

const Id = z.string().regex(ulidPattern, { error: "expected a ULID: 26 characters of Crockford's base 32" });

const common = {
  id: Id.optional(),
  /** When it happened on the viewer's device. */
  at: Time,
  user: Name,
  video: Name,
  session: Name.optional(),
  /** The impression that the viewer reacts to, by the id that the feed gave. */
  impression: Id.optional(),
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
    /** The feed that it was part of. */
    feed: Id.optional(),
    /** Of a feed's first impression: what it was selected from, a JSON list of videos, best first. */
    candidates: z.string().max(131_072).optional(),
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
