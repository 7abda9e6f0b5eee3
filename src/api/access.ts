import { createHash, timingSafeEqual } from "node:crypto";
import { isLoopback } from "@kiln/client/network/hosts";
import type { FastifyRequest } from "fastify";
import { TypedError } from "../base/typed-error.ts";

/**
 * Refuses to listen where everybody may come without a token.
 * @throws TypedError TOKEN_NEEDED
 */
export function requireToken(host: string, token: string | undefined): void {
  if (token !== undefined || isLoopback(host)) return;
  throw new TypedError(
    "TOKEN_NEEDED",
    `${host} can be reached from other machines: set KILN_API_TOKEN, or KILN_API_HOST=127.0.0.1`,
  );
}

/**
 * Whether a request may come in. Without a token only requests that name this machine count: a page of another
 * origin whose name was pointed here must not speak for the user.
 */
export function mayCome({ headers, hostname }: FastifyRequest, token: string | undefined): boolean {
  if (token === undefined) return isLoopback(hostname);
  const given = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1];
  return given !== undefined && timingSafeEqual(digest(given), digest(token));
}

/** Of equal length, whatever was sent. */
const digest = (text: string) => createHash("sha256").update(text).digest();
