import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { EventInput } from "../../events/event.ts";
import { sourceNames } from "../../feed/candidate.ts";
import { type FeedDependencies, feed, previewFeed } from "../../feed/feed.ts";
import { ApiError } from "../api-error.ts";

const user = EventInput.options[0].shape.user.describe("the viewer, as in the events");
const maxLimit = 50;
const explain = "adds what every stage received and passed on";

const Body = z.strictObject({
  user,
  limit: z.int().min(1).max(maxLimit).default(20),
  explain: z.boolean().default(false).describe(explain),
});

const Query = z.object({
  user,
  limit: z.coerce.number().int().min(1).max(maxLimit).default(20),
  explain: z.stringbool().default(false).describe(explain),
});

const Item = z.object({
  video: z.string(),
  position: z.int(),
  source: z.enum(sourceNames),
  modelVersion: z.string().optional(),
  propensity: z.number().describe("the probability of this video at this place, given those before it"),
});

const Answer = z.object({
  modelVersion: z.string().nullable().describe("the active version; null: none, what is trending is served"),
  degraded: z
    .array(z.enum(["viewer", "log"]))
    .describe(
      "what was missing; viewer: what the viewer has seen is unknown now, and nothing was logged; log: nothing was logged",
    ),
  items: z.array(Item),
  stages: z
    .array(z.object({ stage: z.string(), in: z.int(), out: z.int(), ms: z.number() }))
    .optional()
    .describe("with explain: what every stage received, passed on, and how long it took"),
});

const ServedAnswer = Answer.extend({
  feed: z.string().describe("the id of this answer"),
  items: z.array(
    Item.extend({
      impression: z
        .string()
        .optional()
        .describe("send it with the events that follow; absent where nothing was logged"),
    }),
  ),
});

/** POST /v1/feed serves: places are reserved and logged. GET, and so HEAD, is a preview without effects. */
export const feedRoute: FastifyPluginAsyncZod<{ dependencies: FeedDependencies }> = async (
  app,
  { dependencies },
) => {
  app.post(
    "/v1/feed",
    {
      schema: {
        summary: "The next videos for a viewer, reserved and logged as impressions",
        body: Body,
        response: { 200: ServedAnswer, default: ApiError },
      },
    },
    async ({ body }, reply) => {
      const { id, items, impressions, stages, ...rest } = await feed(dependencies, {
        ...body,
        now: Date.now(),
      });
      const logged = items.map((item, at) => ({ ...item, impression: impressions[at]?.id }));
      return reply
        .header("cache-control", "no-store")
        .send({ feed: id, ...rest, items: logged, ...(body.explain ? { stages } : {}) });
    },
  );

  app.get(
    "/v1/feed",
    {
      schema: {
        summary: "A preview of a viewer's feed: nothing is reserved or logged",
        querystring: Query,
        response: { 200: Answer, default: ApiError },
      },
    },
    async ({ query }, reply) => {
      const { stages, ...made } = await previewFeed(dependencies, { ...query, now: Date.now() });
      return reply
        .header("cache-control", "no-store")
        .send({ ...made, ...(query.explain ? { stages } : {}) });
    },
  );
};
