import { once } from "node:events";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { HttpHeader, OutcallArg, OutcallPolicy, OutcallResponse } from "./outcall-interface.ts";

/** How long the answer may take, milliseconds. @source IC interface specification, http_request */
const patience = 30_000;

const loopback = new Set(["127.0.0.1", "[::1]", "localhost"]);

/** An outcall that failed: reject codes SYS_FATAL and SYS_TRANSIENT. */
export class FailedOutcall extends Error {
  override readonly name = "FailedOutcall";
  readonly code: 1 | 2;

  constructor(code: 1 | 2, message: string) {
    super(message);
    this.code = code;
  }
}

export interface OutcallBounds {
  /** Maximum bytes of headers and body together. */
  limit: number;
  policy: OutcallPolicy;
  /** Aborts it. */
  signal: AbortSignal;
}

/** Sends it and waits for the whole answer. Redirects are not followed. @throws FailedOutcall */
export async function sendOutcall(
  arg: OutcallArg,
  { limit, policy, signal }: OutcallBounds,
): Promise<OutcallResponse> {
  const url = allowed(arg.url, policy);
  const send = url.protocol === "https:" ? requestHttps : requestHttp;
  const outgoing = send(url, {
    method: Object.keys(arg.method)[0]!.toUpperCase(),
    headers: fieldsOf(arg.headers),
    agent: false,
    signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]),
  });
  try {
    const answered = once(outgoing, "response") as Promise<[IncomingMessage]>;
    outgoing.end(arg.body[0]);
    const [response] = await answered;
    const headers = headersOf(response);
    const body = await bodyOf(response, sizeOf(headers), limit);
    return { status: BigInt(response.statusCode!), headers, body };
  } catch (error) {
    if (error instanceof FailedOutcall) throw error;
    throw new FailedOutcall(2, `Failed to connect: ${(error as Error).message}`);
  } finally {
    outgoing.destroy();
  }
}

function allowed(text: string, policy: OutcallPolicy): URL {
  if (!URL.canParse(text)) throw new FailedOutcall(1, `Failed to parse URL: ${text}`);
  const url = new URL(text);
  const isHere = loopback.has(url.hostname);
  if (!isHere && policy === "loopback") {
    throw new FailedOutcall(1, `${url.host} cannot be reached: this network's outcalls go to 127.0.0.1 only`);
  }
  if (url.protocol === "https:" || (url.protocol === "http:" && isHere)) return url;
  throw new FailedOutcall(1, "Url need to specify https scheme");
}

/** "user-agent: ic/1.0" where the canister names none. */
function fieldsOf(headers: HttpHeader[]): Record<string, string[]> {
  const fields: Record<string, string[]> = { "user-agent": ["ic/1.0"] };
  const named = Map.groupBy(headers, ({ name }) => name.toLowerCase());
  for (const [name, all] of named) fields[name] = all.map(({ value }) => value);
  return fields;
}

function headersOf({ rawHeaders }: IncomingMessage): HttpHeader[] {
  const headers: HttpHeader[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    headers.push({ name: rawHeaders[at]!.toLowerCase(), value: rawHeaders[at + 1]! });
  }
  return headers;
}

function sizeOf(headers: HttpHeader[]): number {
  return headers.reduce((sum, { name, value }) => sum + name.length + value.length, 0);
}

async function bodyOf(response: IncomingMessage, headers: number, limit: number): Promise<Uint8Array> {
  if (headers > limit) {
    throw new FailedOutcall(1, `Header size exceeds specified response size limit ${limit}`);
  }
  const parts: Buffer[] = [];
  let size = headers;
  for await (const part of response) {
    parts.push(part);
    size += part.length;
    if (size > limit) throw new FailedOutcall(1, `Http body exceeds size limit of ${limit} bytes.`);
  }
  return new Uint8Array(Buffer.concat(parts));
}
