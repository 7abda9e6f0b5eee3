import { randomBytes } from "node:crypto";
import { type Network, runQuery } from "../http/network.ts";
import { HttpRefusal } from "../http/refusal.ts";
import type { CallResult, Ingress } from "../replica/types.ts";
import {
  type Continuation,
  decodePart,
  decodeResponse,
  encodeRequest,
  type HttpRequest,
  type HttpResponse,
} from "./canister-http.ts";

/**
 * Gets an HTTP response from a canister by a query, or by an update when the canister wants one.
 * @throws HttpRefusal 404 when there is no such canister, 502 when it fails
 */
export async function requestFromCanister(
  network: Network,
  canisterId: Uint8Array,
  request: HttpRequest,
  method: "http_request" | "http_request_update",
): Promise<HttpResponse> {
  const ingress = ingressOf(canisterId, method, encodeRequest(request, method));
  const result =
    method === "http_request" ? await runQuery(network, ingress) : await runUpdate(network, ingress);
  return decoded(result, decodeResponse);
}

/** The next part of a streamed body. @throws HttpRefusal 502 when the canister fails */
export async function askContinuation(network: Network, from: Continuation) {
  const ingress = ingressOf(from.canisterId, from.method, from.arg);
  return decoded(await runQuery(network, ingress), (reply) => decodePart(reply, from));
}

async function runUpdate({ replica }: Network, ingress: Ingress): Promise<CallResult> {
  return (await replica.inspect(ingress)) ?? replica.update(ingress);
}

function decoded<Value>(result: CallResult, decode: (reply: Uint8Array) => Value): Value {
  if (result.status === "rejected") {
    throw new HttpRefusal(result.code === 3 ? 404 : 502, `The canister did not answer: ${result.message}`);
  }
  try {
    return decode(result.reply);
  } catch (error) {
    throw new HttpRefusal(502, `The canister's answer is not an HTTP response: ${(error as Error).message}`);
  }
}

/** Anonymous, like every request that comes through a gateway. */
function ingressOf(canisterId: Uint8Array, method: string, arg: Uint8Array): Ingress {
  return { requestId: randomBytes(32), sender: Uint8Array.of(4), canisterId, method, arg };
}
