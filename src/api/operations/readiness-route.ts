import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { TypedError } from "../../base/typed-error.ts";
import { ApiError } from "../api-error.ts";

/** What keeps the API from doing its work now, a sentence each. */
export type Faults = () => Promise<string[]>;

export const readinessPath = "/readyz";

/** GET /readyz: for load balancers and orchestrators, which have no token. */
export const readinessRoute: FastifyPluginAsyncZod<{ faults: Faults }> = async (app, { faults }) => {
  app.get(
    readinessPath,
    {
      schema: {
        summary: "Whether requests can be served; needs no token",
        response: { 200: z.object({ ready: z.literal(true) }), default: ApiError },
      },
    },
    async () => {
      const found = await faults().catch((error: Error) => [`Redis does not answer: ${error.message}`]);
      if (found.length > 0) throw new TypedError("NOT_READY", found.join("; "));
      return { ready: true as const };
    },
  );
};
