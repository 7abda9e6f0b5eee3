import { setTimeout } from "node:timers/promises";
import { certificate } from "../certification/certifier.ts";
import { canisterRanges } from "../subnets.ts";
import { type Answer, cborAnswer, rejectionFields } from "./answer.ts";
import { authenticate } from "./authenticate.ts";
import { checkEffectiveCanister, type Target } from "./effective-canister.ts";
import { readEnvelope } from "./envelope.ts";
import type { Admitted } from "./ingress-history.ts";
import { type Network, subnetAt, trustOf } from "./network.ts";

/** How long a synchronous call waits for its certified reply, milliseconds. */
const patience = 10_000;

/**
 * A call (update): `asynchronous` (v2) answers 202 at once, `synchronous` (v3, v4) waits for the certified reply
 * and answers 202 only when that takes too long.
 * @throws HttpRefusal
 */
export async function call(
  network: Network,
  target: Target,
  body: Uint8Array,
  mode: "asynchronous" | "synchronous",
): Promise<Answer> {
  const envelope = readEnvelope(body, "call");
  const { content, requestId } = envelope;
  authenticate(envelope, trustOf(network));
  checkEffectiveCanister(content, target);
  const { sender, canister_id: canisterId, method_name: method, arg } = content;
  const effective =
    target.kind === "canister"
      ? target.id
      : canisterRanges(network.subnets.indexOf(subnetAt(network, target)!), network.subnets.length)[0]![0];
  const ingress = { requestId, sender, canisterId, method, arg, effectiveCanisterId: effective };
  if (!network.history.get(requestId)) {
    const rejection = await network.replica.inspect(ingress);
    if (rejection) return cborAnswer({ ...statusOf(mode), ...rejectionFields(rejection) });
  }
  const admitted = network.history.admit(ingress, target.id, content.ingress_expiry);
  if (mode === "asynchronous" || !(await isDoneInTime(admitted))) return { status: 202 };
  const state = await subnetAt(network, target)!.certifier.certify();
  const shown = certificate(state, [["request_status", requestId], ["time"]]);
  return cborAnswer({ status: "replied", certificate: shown });
}

/** Only answers of version 3 and newer have a status. @source IC interface specification, "Request: Call" */
function statusOf(mode: "asynchronous" | "synchronous"): { status?: "non_replicated_rejection" } {
  return mode === "synchronous" ? { status: "non_replicated_rejection" } : {};
}

async function isDoneInTime({ done }: Admitted): Promise<boolean> {
  const stop = new AbortController();
  const late = setTimeout(patience, false, { signal: stop.signal }).catch(() => false);
  const inTime = await Promise.race([done.then(() => true), late]);
  stop.abort();
  return inTime;
}
