import swagger from "@fastify/swagger";
import { type FastifyError, type FastifyInstance, fastify } from "fastify";
import {
  hasZodFastifySchemaValidationErrors,
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from "fastify-type-provider-zod";
import type { Log } from "../base/log.ts";
import { TypedError } from "../base/typed-error.ts";
import type { FeedDependencies } from "../feed/feed.ts";
import { mayCome } from "./access.ts";
import type { ApiError } from "./api-error.ts";
import { eventsRoute } from "./events-route.ts";
import { feedRoute } from "./feed-route.ts";

export type ApiOptions = { dependencies: FeedDependencies; log: Log; token?: string | undefined };

/** Bytes of a request: a thousand events, amply. */
const bodyLimit = 2_000_000;

/** The HTTP interface, not listening yet. GET /openapi.json describes it. */
export async function createApi({ dependencies, log, token }: ApiOptions): Promise<FastifyInstance> {
  const app = fastify({ bodyLimit }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.addHook("onRequest", async (request, reply) => {
    if (mayCome(request, token)) return;
    const message =
      token === undefined
        ? "without a token only this machine may ask, by its own name"
        : "send the token as Authorization: Bearer";
    await reply
      .code(token === undefined ? 403 : 401)
      .send({ code: "UNAUTHORIZED", message } satisfies ApiError);
  });
  app.setErrorHandler(async (error: FastifyError, _, reply) => {
    const { status, body } = refusal(error);
    if (status >= 500) log.error({ err: error }, "the request failed");
    await reply.code(status).send(body);
  });
  app.setNotFoundHandler(async ({ method, url }, reply) => {
    const message = `there is no ${method} ${url.split("?")[0]}: GET /openapi.json says what there is`;
    await reply.code(404).send({ code: "NOT_FOUND", message } satisfies ApiError);
  });
  await app.register(swagger, {
    openapi: { info: { title: "Kiln", version: "1" } },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  app.get("/openapi.json", { schema: { hide: true } }, async () => app.swagger());
  await app.register(feedRoute, { dependencies });
  await app.register(eventsRoute, dependencies);
  return app;
}

function refusal(error: FastifyError): { status: number; body: ApiError } {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const message = error.validation
      .map((issue) => `${issue.instancePath.slice(1).replaceAll("/", ".")}: ${issue.message}`)
      .join("; ");
    return { status: 400, body: { code: "REQUEST_INVALID", message } };
  }
  if (error instanceof TypedError)
    return { status: error.final ? 500 : 503, body: { code: error.code, message: error.message } };
  const { statusCode = 500, code, message } = error;
  if (statusCode < 500) return { status: statusCode, body: { code: code ?? "REQUEST_INVALID", message } };
  return {
    status: 500,
    body: { code: "UNEXPECTED", message: "something went wrong here; the log says what" },
  };
}
