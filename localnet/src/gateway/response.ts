import type { Network } from "../http/network.ts";
import type { Address } from "./address.ts";
import { askContinuation, requestFromCanister } from "./canister-client.ts";
import type { HttpRequest, HttpResponse } from "./canister-http.ts";
import { type Checked, check, type GatewayPolicy, type Source, uncertified } from "./check.ts";
import { parseContentRange } from "./content-range.ts";
import { type Headers, headerOf, without } from "./headers.ts";
import { once, reassembled, streamed } from "./parts.ts";

/** The response to a client. */
export interface GatewayResponse {
  status: number;
  headers: Headers;
  /** Of the body, in bytes; unknown when it is streamed by callbacks. */
  length: number | undefined;
  certified: boolean;
  body: AsyncGenerator<Uint8Array>;
}

/** How many parts of a streamed body are buffered to verify it as a whole. */
const mostHeld = 4;

/**
 * Calls the canister, checks the certification, and joins the parts of the body.
 * @throws HttpRefusal 404 when there is no such canister, 502 when it failed, 503 when the reply does not verify
 */
export async function fetchResponse(
  network: Network,
  policy: GatewayPolicy,
  { canisterId }: Address,
  request: HttpRequest,
): Promise<GatewayResponse> {
  const source: Source = { network, policy, canisterId };
  const first = await requestFromCanister(network, canisterId, request, "http_request");
  if (first.upgrade) {
    const updated = await requestFromCanister(network, canisterId, request, "http_request_update");
    // The reply to an update went through consensus and needs no certificate; parts added by queries would.
    const certified = updated.rest === undefined;
    return whole(request, updated, { headers: updated.headers, certified }, streamed(source, updated));
  }
  if (first.rest) return fetchStreamed(source, request, first);
  const checked = check(source, request, first);
  const range = parseContentRange(headerOf(checked.headers, "content-range"));
  if (first.status !== 206 || !range || headerOf(request.headers, "range")) {
    return whole(request, first, checked, once(first.body));
  }
  return {
    status: 200,
    headers: without(checked.headers, "content-range", "content-length"),
    length: range.size,
    certified: checked.certified,
    body: reassembled(source, request, first.body, range),
  };
}

function whole(
  request: HttpRequest,
  response: HttpResponse,
  checked: Checked,
  body: AsyncGenerator<Uint8Array>,
): GatewayResponse {
  const headers = without(checked.headers, "content-length");
  return {
    status: response.status,
    headers,
    length: lengthOf(request, response, checked),
    certified: checked.certified,
    body,
  };
}

function lengthOf({ method }: HttpRequest, response: HttpResponse, { headers }: Checked): number | undefined {
  // "204 and 304 never hold content": a length would describe another response.
  if (response.rest || [204, 304].includes(response.status)) return undefined;
  if (method !== "HEAD" || response.body.length > 0) return response.body.length;
  // The length of the response to a GET, which only the canister knows.
  const length = headerOf(headers, "content-length");
  return length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined;
}

/** A body streamed by callbacks has one certificate for all of it, so a short one is buffered until it is complete. */
async function fetchStreamed(
  source: Source,
  request: HttpRequest,
  first: HttpResponse,
): Promise<GatewayResponse> {
  const parts = [first.body];
  let rest = first.rest;
  for (let calls = 0; rest && calls < mostHeld; calls++) {
    const part = await askContinuation(source.network, rest);
    parts.push(part.body);
    rest = part.rest;
  }
  const body = Buffer.concat(parts);
  const held = { ...first, body, rest };
  if (rest) return whole(request, held, uncertified(source.policy, first), streamed(source, held));
  return whole(request, held, check(source, request, held), once(body));
}
