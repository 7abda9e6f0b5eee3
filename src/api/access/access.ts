import { createHash, timingSafeEqual } from "node:crypto";
import { isLoopback } from "@kiln/client/network/hosts";
import type { FastifyRequest } from "fastify";
import { TypedError } from "../../base/typed-error.ts";

/**
 * Refuses to serve other machines without a token.
 * @throws TypedError TOKEN_NEEDED
 */
export function requireToken(host: string, token: string | undefined): void {
  if (token !== undefined || isLoopback(host)) return;
  throw new TypedError(
    "TOKEN_NEEDED",
    `other machines can reach ${host}: set KILN_API_TOKEN, or KILN_API_HOST=127.0.0.1`,
  );
}

/**
 * Whether a request is allowed. Without a token only requests to a name of this machine are, and none of pages of other
 * origins: they could act for the user, also under a DNS name that points here.
 */
export function isAllowed({ headers, hostname }: FastifyRequest, token: string | undefined): boolean {
  if (token === undefined) return isLoopback(hostname) && isOwn(headers.origin);
  const given = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1];
  return given !== undefined && timingSafeEqual(digest(given), digest(token));
}

/** Requests of programs name no origin; a page in a sandbox says "null". */
function isOwn(origin: string | undefined): boolean {
  return origin === undefined || isLoopback(URL.parse(origin)?.hostname ?? "");
}

/** Has the same length for every input. */
const digest = (text: string) => createHash("sha256").update(text).digest();
