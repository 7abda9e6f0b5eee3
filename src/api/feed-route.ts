import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { EventInput } from "../events/event.ts";
import { type FeedDependencies, feed } from "../feed/feed.ts";
import { ApiError } from "./api-error.ts";

const Query = z.object({
  user: EventInput.options[0].shape.user.describe("whom it is for, as in the events"),
  limit: z.coerce.number().int().min(1).max(50).default(20),
});

const Answer = z.object({
  /** Null: what is trending stands in. */
  modelVersion: z.string().nullable().describe("the active version; null: none, trending stands in"),
  items: z.array(
    z.object({
      video: z.string(),
      position: z.int(),
      source: z.enum(["sequence", "global", "trending", "fresh", "explore"]),
      modelVersion: z.string().optional(),
      propensity: z.number().describe("the probability of this video at this place"),
    }),
  ),
});

/** GET /v1/feed: what to show next. What it answers counts as shown, and is not shown to that viewer again. */
export const feedRoute: FastifyPluginAsyncZod<{ dependencies: FeedDependencies }> = async (
  app,
  { dependencies },
) => {
  app.get(
    "/v1/feed",
    {
      schema: {
        summary: "The next videos for a viewer, logged as impressions",
        querystring: Query,
        response: { 200: Answer, default: ApiError },
      },
    },
    async ({ query: { user, limit } }, reply) => {
      const items = await feed(dependencies, { user, limit, now: Date.now() });
      return reply
        .header("cache-control", "no-store")
        .send({ modelVersion: dependencies.model()?.version ?? null, items });
    },
  );
};
