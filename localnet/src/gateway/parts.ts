import { askContinuation, requestFromCanister } from "./canister-client.ts";
import type { HttpRequest, HttpResponse } from "./canister-http.ts";
import { check, type Source } from "./check.ts";
import { type ContentRange, parseContentRange } from "./content-range.ts";
import { type Headers, headerOf, without } from "./headers.ts";

/** Maximum number of calls for one body. */
const maxCalls = 1000;

/** A complete body. */
export async function* once(body: Uint8Array): AsyncGenerator<Uint8Array> {
  if (body.length > 0) yield body;
}

/** A body streamed by callbacks. */
export async function* streamed({ network }: Source, first: HttpResponse): AsyncGenerator<Uint8Array> {
  yield* once(first.body);
  let rest = first.rest;
  for (let calls = 0; rest; calls++) {
    if (calls === maxCalls) throw new Error(`the canister streams more than ${maxCalls} parts`);
    const part = await askContinuation(network, rest);
    yield* once(part.body);
    rest = part.rest;
  }
}

/**
 * A body of certified 206 parts; an error part-way aborts the transfer.
 * @source IC HTTP gateway protocol specification, "Range requests": the parts after a first 206 are requested in turn
 */
export async function* reassembled(
  source: Source,
  request: HttpRequest,
  first: Uint8Array,
  range: ContentRange,
): AsyncGenerator<Uint8Array> {
  if (range.start !== 0 || first.length !== range.end) {
    throw new Error("the first part does not begin the body");
  }
  yield first;
  let at = range.end;
  for (let calls = 1; at < range.size; calls++) {
    if (calls === maxCalls) throw new Error(`the body has more than ${maxCalls} parts`);
    const headers: Headers = [...without(request.headers, "range"), ["Range", `bytes=${at}-`]];
    const rangeRequest = { ...request, headers };
    const part = await requestFromCanister(source.network, source.canisterId, rangeRequest, "http_request");
    const checked = check(source, rangeRequest, part);
    const next = parseContentRange(headerOf(checked.headers, "content-range"));
    const isNext = next?.start === at && next.size === range.size && next.end - at === part.body.length;
    if (part.status !== 206 || !isNext) throw new Error(`the part at byte ${at} does not continue the body`);
    yield part.body;
    at = next.end;
  }
}
