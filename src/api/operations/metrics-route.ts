import type { FastifyPluginAsync } from "fastify";
import { type Measured, PoolMetrics } from "./pool-metrics.ts";

/** GET /metrics: for Prometheus, which sends the token as `authorization`. Also times every request. */
export function metricsRoute(measured: Measured | undefined): FastifyPluginAsync {
  const plugin: FastifyPluginAsync = async (app) => {
    const metrics = new PoolMetrics(measured);
    app.addHook("onResponse", async (request, reply) => {
      const { method, routeOptions } = request;
      const route = routeOptions.url ?? "none";
      metrics.observe({ method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
    });
    app.get("/metrics", { schema: { hide: true } }, async (_, reply) =>
      reply.type(metrics.contentType).send(await metrics.text()),
    );
  };
  // Its hook is for the routes of the whole API, not only for its own.
  return Object.assign(plugin, { [Symbol.for("skip-override")]: true });
}
