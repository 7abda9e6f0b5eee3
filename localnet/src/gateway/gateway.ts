import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { readBody } from "../http/body.ts";
import type { Network } from "../http/network.ts";
import { HttpRefusal } from "../http/refusal.ts";
import type { Fallback } from "../http/server.ts";
import { type Address, addressOf, linksOf, prefixForm } from "./address.ts";
import type { HttpRequest } from "./canister-http.ts";
import type { GatewayPolicy } from "./check.ts";
import { headerOf, passedOn } from "./headers.ts";
import { LentFolders } from "./lent-folders.ts";
import { refusalPage } from "./refusal-page.ts";
import { fetchResponse, type GatewayResponse } from "./response.ts";

/** Largest request body, bytes: that of an ingress message. */
const largestBody = 2 * 1024 * 1024;

/** The HTTP gateway: web pages and files from canisters, their certification checked. */
export function gatewayOf(network: Network, policy: GatewayPolicy = { uncertified: "pass" }): Fallback {
  const lent = new LentFolders();
  return async (request, response) => {
    try {
      const address = requireAddress(request, lent);
      const canisterRequest = await readRequest(request, address.url);
      const answer = await fetchResponse(network, policy, address, canisterRequest);
      const links = linksOf(headerOf(answer.headers, "content-type") ?? "");
      if (address.via === "query" && answer.status === 200 && links === "anywhere") {
        response.writeHead(307, { location: prefixForm(address) }).end();
        return;
      }
      if (address.via === "query" && links === "its folder") lent.lend(address.url, address.canisterId);
      await send(request, response, answer);
    } catch (error) {
      if (!(error instanceof HttpRefusal) || response.headersSent) throw error;
      refuse(request, response, error);
    }
  };
}

function requireAddress(request: IncomingMessage, lent: LentFolders): Address {
  const url = request.url ?? "/";
  const address = addressOf(request.headers.host, url);
  if (address) return address;
  const canisterId = lent.canisterOf(url);
  if (canisterId) return { canisterId, url, via: "folder" };
  throw new HttpRefusal(
    404,
    "This is a local Internet Computer. Name a canister: http://<canister>.localhost, /-/<canister>/ or ?canisterId=<canister>",
  );
}

async function readRequest(request: IncomingMessage, url: string): Promise<HttpRequest> {
  const body = await readBody(request, largestBody);
  const headers = passedOn(pairs(request.rawHeaders));
  return { method: request.method ?? "GET", url, headers, body };
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: GatewayResponse,
): Promise<void> {
  setHeaders(response, answer);
  response.statusCode = answer.status;
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  await pipeline(Readable.from(answer.body, { objectMode: false }), response);
}

function setHeaders(response: ServerResponse, { headers, length, certified }: GatewayResponse): void {
  const grouped = Map.groupBy(passedOn(headers), ([name]) => name.toLowerCase());
  try {
    for (const [name, values] of grouped) {
      const texts = values.map(([, value]) => value);
      response.setHeader(name, texts.length === 1 ? texts[0]! : texts);
    }
  } catch (error) {
    throw new HttpRefusal(
      502,
      `The canister sent a header that HTTP cannot carry: ${(error as Error).message}`,
    );
  }
  if (length !== undefined) response.setHeader("content-length", length);
  if (!certified) response.setHeader("x-ic-certified", "no");
}

function refuse(request: IncomingMessage, response: ServerResponse, { status, message }: HttpRefusal): void {
  const wantsPage = (request.headers.accept ?? "").includes("text/html");
  if (!request.complete) response.setHeader("connection", "close");
  response.removeHeader("content-length");
  response.writeHead(status, { "content-type": `text/${wantsPage ? "html" : "plain"}; charset=utf-8` });
  response.end(wantsPage ? refusalPage(status, message) : `${message}\n`);
}

function pairs(flat: string[]): [string, string][] {
  return flat.flatMap((name, index) =>
    index % 2 === 0 ? [[name, flat[index + 1]!] as [string, string]] : [],
  );
}
