import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { answerApi } from "./api.ts";
import type { Network } from "./network.ts";
import { HttpRefusal } from "./refusal.ts";

/** Answers what is not the API: the HTTP gateway. */
export type Fallback = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** The network's HTTP server, not yet listening. */
export function serverOf(network: Network, fallback: Fallback): Server {
  const server = createServer(async (request, response) => {
    for (const [name, value] of cors) response.setHeader(name, value);
    try {
      await answer(network, fallback, request, response);
    } catch (error) {
      refuse(request, response, error);
    }
  });
  // Agents reuse connections; closing one while an agent sends on it would fail the request.
  server.keepAliveTimeout = 65_000;
  return server;
}

/** Headers as the platform's boundary nodes send them, so that pages of any origin can use the agent. */
const cors: [string, string][] = [
  ["access-control-allow-origin", "*"],
  ["access-control-allow-methods", "HEAD, GET, OPTIONS, POST, PUT, DELETE, PATCH"],
  [
    "access-control-allow-headers",
    "DNT, User-Agent, X-Requested-With, If-None-Match, If-Modified-Since, Cache-Control, Content-Type, Range, Cookie, X-Ic-Canister-Id",
  ],
  [
    "access-control-expose-headers",
    "Accept-Ranges, Content-Length, Content-Range, X-Request-Id, X-Ic-Canister-Id",
  ],
  ["access-control-max-age", "600"],
];

async function answer(
  network: Network,
  fallback: Fallback,
  request: IncomingMessage,
  response: ServerResponse,
) {
  // Agents build paths with a doubled slash when the host ends in one.
  const path = (request.url ?? "/").replace(/^\/+/, "/").split("?", 1)[0]!;
  if (request.method === "OPTIONS") {
    response.writeHead(204).end();
  } else if (path.startsWith("/api/")) {
    await answerApi(network, request, response, path);
  } else {
    await fallback(request, response);
  }
}

function refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const refusal =
    error instanceof HttpRefusal ? error : new HttpRefusal(500, `The local network failed: ${error}`);
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  // Otherwise the unread rest of a refused body would be taken for the next request.
  if (!request.complete) response.setHeader("connection", "close");
  response.writeHead(refusal.status, { "content-type": "text/plain; charset=utf-8" });
  response.end(refusal.message);
}
