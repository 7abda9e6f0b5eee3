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
import { type ErrorCode, errorEntry } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { TypedError } from "../base/typed-error.ts";
import type { FeedDependencies } from "../feed/feed.ts";
import { isAllowed } from "./access/access.ts";
import type { ApiError } from "./api-error.ts";
import { eventsRoute } from "./events/events-route.ts";
import { feedRoute } from "./feed/feed-route.ts";
import { metricsRoute } from "./operations/metrics-route.ts";
import type { Measured } from "./operations/pool-metrics.ts";
import { type Faults, readinessPath, readinessRoute } from "./operations/readiness-route.ts";

export type ApiOptions = {
  dependencies: FeedDependencies;
  log: Log;
  token?: string | undefined;
  faults?: Faults;
  /** Absent: GET /metrics tells only of this process. */
  measured?: Measured;
};

/** Bytes of a request: plenty for a thousand events. */
const bodyLimit = 2_000_000;

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const;

/** The HTTP interface, not listening yet. GET /openapi.json describes it. */
export async function createApi({
  dependencies,
  log,
  token,
  faults = async () => [],
  measured,
}: ApiOptions): Promise<FastifyInstance> {
  const app = fastify({ bodyLimit }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.addHook("onRequest", async (request, reply) => {
    if (request.url === readinessPath || isAllowed(request, token)) return;
    const { status, body } =
      token === undefined
        ? answerOf(
            "TOKEN_NEEDED",
            "without a token only this machine is served, under its own name, and no pages of other origins",
          )
        : answerOf("TOKEN_INVALID", "send the token as Authorization: Bearer");
    if (status === 401) reply.header("www-authenticate", "Bearer");
    await reply.code(status).send(body);
  });
  app.setErrorHandler(async (error: FastifyError, _, reply) => {
    const { status, body } = refusal(error);
    if (status >= 500) log.error({ err: error }, "the request failed");
    await reply.code(status).send(body);
  });
  app.setNotFoundHandler(async ({ method, url }, reply) => {
    const path = url.split("?")[0]!;
    const others = methods.filter((other) => app.hasRoute({ method: other, url: path }));
    if (others.length > 0) reply.header("allow", others.join(", "));
    const { status, body } =
      others.length > 0
        ? answerOf("METHOD_NOT_ALLOWED", `${path} takes ${others.join(" and ")}, not ${method}`)
        : answerOf("NOT_FOUND", `there is no ${method} ${path}: GET /openapi.json lists the routes`);
    await reply.code(status).send(body);
  });
  await app.register(swagger, {
    openapi: { info: { title: "Kiln", version: "1" } },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  app.get("/openapi.json", { schema: { hide: true } }, async () => app.swagger());
  await app.register(metricsRoute(measured));
  await app.register(readinessRoute, { faults });
  await app.register(feedRoute, { dependencies });
  await app.register(eventsRoute, dependencies);
  return app;
}

type Answer = { status: number; body: ApiError };

/** With the status that the table of errors has for the code. */
function answerOf(code: ErrorCode, message: string): Answer {
  const { status, final } = errorEntry(code);
  return { status: status ?? (final ? 500 : 503), body: { code, message } };
}

function refusal(error: FastifyError): Answer {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const message = error.validation
      .map((issue) => `${issue.instancePath.slice(1).replaceAll("/", ".")}: ${issue.message}`)
      .join("; ");
    return answerOf("REQUEST_INVALID", message);
  }
  if (error instanceof TypedError) return answerOf(error.code, error.message);
  const { statusCode = 500, message } = error;
  // Fastify's own refusals: a body that is too large, of another type...
  if (statusCode < 500) return { status: statusCode, body: { code: "REQUEST_INVALID", message } };
  return answerOf("UNEXPECTED", "the request failed unexpectedly; the log has the details");
}
