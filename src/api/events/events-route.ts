import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { TypedError } from "../../base/typed-error.ts";
import type { EngagementEvent } from "../../events/event.ts";
import type { EventStream } from "../../events/event-stream.ts";
import { type ParsedEvent, parseEvent } from "../../events/parse-event.ts";
import type { Viewers } from "../../feed/state/viewers.ts";
import { ApiError } from "../api-error.ts";

const maxEvents = 1_000;

/** Milliseconds: an app that was offline delivers later. Older events are imported with `kiln events import`. */
const windowMs = 7 * 86_400_000;

const Body = z.object({
  events: z
    .array(z.record(z.string(), z.unknown()))
    .min(1)
    .max(maxEvents)
    .describe(
      "as kiln events import takes them: type, at (milliseconds since 1970 or ISO 8601, at most 7 days ago and not in the future), user, video and what belongs to the type; impressions are logged by POST /v1/feed, and `impression` refers to one of them",
    ),
});

const Answer = z.object({
  added: z.int(),
  duplicates: z.int().describe("known before: sending events again is safe"),
  rejected: z.array(
    z.object({
      index: z.int().describe("index in the request, from 0"),
      problems: z.array(z.object({ field: z.string(), message: z.string() })),
    }),
  ),
});

/** POST /v1/events: takes events of viewers. When it answers, the events are stored and count for the next feed. */
export const eventsRoute: FastifyPluginAsyncZod<{ stream: EventStream; viewers: Viewers }> = async (
  app,
  { stream, viewers },
) => {
  app.post(
    "/v1/events",
    {
      schema: {
        summary: "Take engagement events, each once",
        body: Body,
        response: { 200: Answer, 400: z.union([Answer, ApiError]), default: ApiError },
      },
    },
    async ({ body: { events } }, reply) => {
      const now = Date.now();
      const parsed = events.map((input) => judge(input, now));
      const valid = parsed.flatMap((result) => (result.outcome === "valid" ? [result.event] : []));
      const rejected = parsed.flatMap((result, index) =>
        result.outcome === "invalid" ? [{ index, problems: result.problems }] : [],
      );
      const counts = await stored(stream, viewers, valid);
      return reply.code(valid.length === 0 ? 400 : 200).send({ ...counts, rejected });
    },
  );
};

/** Each event by itself: one that is wrong does not hold up the others. */
function judge(input: unknown, now: number): ParsedEvent {
  const parsed = parseEvent(input, now, { windowMs });
  if (parsed.outcome === "invalid" || parsed.event.type !== "impression") return parsed;
  const message = "impressions are logged by POST /v1/feed: send what the viewer did, with `impression`";
  return { outcome: "invalid", problems: [{ field: "type", message }] };
}

async function stored(stream: EventStream, viewers: Viewers, events: readonly EngagementEvent[]) {
  try {
    const counts = await stream.add(events);
    await viewers.add(events);
    return counts;
  } catch (cause) {
    if (cause instanceof TypedError) throw cause;
    throw new TypedError("REDIS_UNREACHABLE", "events cannot be stored now: send them again later", {
      cause,
    });
  }
}
