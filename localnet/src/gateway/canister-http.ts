import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { z } from "zod";

/** @source IC HTTP gateway protocol specification, "Canister HTTP Interface" */
export interface HttpRequest {
  method: string;
  url: string;
  headers: [string, string][];
  body: Uint8Array;
}

export interface HttpResponse {
  status: number;
  headers: [string, string][];
  body: Uint8Array;
  /** The canister wants the request again as an update. */
  upgrade: boolean;
  /** Where to get the rest of the body. */
  rest: Continuation | undefined;
}

/** How to get the next part of a streamed body. */
export interface Continuation {
  canisterId: Uint8Array;
  method: string;
  /** Candid argument: the canister's own token. */
  arg: Uint8Array;
}

const headersType = IDL.Vec(IDL.Tuple(IDL.Text, IDL.Text));
const bytesType = IDL.Vec(IDL.Nat8);
const requestType = IDL.Record({
  method: IDL.Text,
  url: IDL.Text,
  headers: headersType,
  body: bytesType,
  certificate_version: IDL.Opt(IDL.Nat16),
});
// The token is of a type that only the canister knows, and the callback's type names it.
const responseType = IDL.Record({
  status_code: IDL.Nat16,
  headers: headersType,
  body: bytesType,
  upgrade: IDL.Opt(IDL.Bool),
  streaming_strategy: IDL.Opt(
    IDL.Variant({ Callback: IDL.Record({ callback: IDL.Unknown, token: IDL.Unknown }) }),
  ),
});
const partType = IDL.Record({ body: bytesType, token: IDL.Opt(IDL.Unknown) });

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const optional = <Schema extends z.ZodType>(schema: Schema) =>
  z.union([z.tuple([]), z.tuple([schema])]).transform(([value]) => value as z.output<Schema> | undefined);
/** A decoded value of an unknown type carries that type. */
const unknown = z.custom<{ type(): IDL.Type }>((value) => typeof value === "object" && value !== null);
const callback = z.tuple([z.custom<Principal>((value) => value instanceof Principal), z.string()]);
const responseSchema = z.object({
  status_code: z.int().min(100).max(599),
  headers: z.array(z.tuple([z.string(), z.string()])),
  body: bytes,
  upgrade: optional(z.boolean()),
  streaming_strategy: optional(z.object({ Callback: z.object({ callback, token: unknown }) })),
});
const partSchema = z.object({ body: bytes, token: optional(unknown) });

/** The argument of http_request requests certificate version 2; that of http_request_update does not. */
export function encodeRequest(
  request: HttpRequest,
  method: "http_request" | "http_request_update",
): Uint8Array {
  const version = method === "http_request" ? [2] : [];
  return IDL.encode([requestType], [{ ...request, certificate_version: version }]);
}

/** @throws Error when it is not a reply of http_request */
export function decodeResponse(reply: Uint8Array): HttpResponse {
  const response = responseSchema.parse(IDL.decode([responseType], reply)[0]);
  const { callback, token } = response.streaming_strategy?.Callback ?? {};
  return {
    status: response.status_code,
    headers: response.headers,
    body: response.body,
    upgrade: response.upgrade ?? false,
    rest: callback && token && continuation(callback[0].toUint8Array(), callback[1], token),
  };
}

/** A part of a streamed body, and how to get the next one. */
export function decodePart(
  reply: Uint8Array,
  from: Continuation,
): { body: Uint8Array; rest: Continuation | undefined } {
  const { body, token } = partSchema.parse(IDL.decode([partType], reply)[0]);
  return { body, rest: token && continuation(from.canisterId, from.method, token) };
}

function continuation(canisterId: Uint8Array, method: string, token: { type(): IDL.Type }): Continuation {
  return { canisterId, method, arg: IDL.encode([token.type()], [token]) };
}
