import type { Network } from "../http/network.ts";
import { HttpRefusal } from "../http/refusal.ts";
import type { HttpRequest, HttpResponse } from "./canister-http.ts";
import type { Headers } from "./headers.ts";
import { verify } from "./verification.ts";

export interface GatewayPolicy {
  /** Whether replies without a certificate are passed on or refused. */
  uncertified: "pass" | "refuse";
}

/** Where replies come from, and what they must satisfy. */
export interface Source {
  network: Network;
  policy: GatewayPolicy;
  canisterId: Uint8Array;
}

/** The part of a reply that may be passed on. */
export interface Checked {
  headers: Headers;
  certified: boolean;
}

/**
 * Checks the certification of a reply.
 * @throws HttpRefusal 503 when it does not verify, or is not certified although the policy requires it
 */
export function check(
  { network, policy, canisterId }: Source,
  request: HttpRequest,
  response: HttpResponse,
): Checked {
  const judge = { canisterId, rootKey: network.rootKey, now: network.clock() };
  const verdict = verify(request, response, judge);
  switch (verdict.kind) {
    case "certified":
      return { headers: verdict.headers, certified: true };
    case "invalid":
      throw new HttpRefusal(503, `The canister's answer does not verify: ${verdict.reason}`);
    case "uncertified":
      return uncertified(policy, response);
  }
}

/** @throws HttpRefusal 503 when the policy refuses what is not certified */
export function uncertified(policy: GatewayPolicy, { headers }: HttpResponse): Checked {
  if (policy.uncertified === "pass") return { headers, certified: false };
  throw new HttpRefusal(
    503,
    "The canister's answer is not certified, and this gateway passes on only what is.",
  );
}
