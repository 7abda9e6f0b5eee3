import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { EventStream } from "../events/event-stream.ts";
import { parseEvent } from "../events/parse-event.ts";
import type { Viewers } from "../feed/state/viewers.ts";
import { ApiError } from "./api-error.ts";

const mostEvents = 1_000;

const Body = z.object({
  events: z
    .array(z.record(z.string(), z.unknown()))
    .min(1)
    .max(mostEvents)
    .describe("as kiln events import takes them: type, at, user, video and what belongs to the type"),
});

const Answer = z.object({
  added: z.int(),
  duplicates: z.int().describe("known already: sending again is safe"),
  rejected: z.array(
    z.object({
      index: z.int().describe("place in the request, from 0"),
      problems: z.array(z.object({ field: z.string(), message: z.string() })),
    }),
  ),
});

/** POST /v1/events: takes what viewers did. When it answers, the events are kept and the next feed knows of them. */
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
      const parsed = events.map((input) => parseEvent(input, now));
      const valid = parsed.flatMap((result) => (result.outcome === "valid" ? [result.event] : []));
      const rejected = parsed.flatMap((result, index) =>
        result.outcome === "invalid" ? [{ index, problems: result.problems }] : [],
      );
      const counts = await stream.add(valid);
      await viewers.add(valid);
      return reply.code(valid.length === 0 ? 400 : 200).send({ ...counts, rejected });
    },
  );
};
