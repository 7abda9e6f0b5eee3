import { sign } from "node:crypto";
import { type Hashable, hashOfMap } from "../certification/request-id.ts";
import type { CallResult } from "../replica/types.ts";
import { type Answer, cborAnswer, rejectionFields } from "./answer.ts";
import { authenticate } from "./authenticate.ts";
import { checkEffectiveCanister, type Target } from "./effective-canister.ts";
import { readEnvelope } from "./envelope.ts";
import { type Network, runQuery, subnetAt, trustOf } from "./network.ts";

/**
 * Runs a query and signs the response as the node.
 * @throws HttpRefusal
 */
export async function query(network: Network, target: Target, body: Uint8Array): Promise<Answer> {
  const envelope = readEnvelope(body, "query");
  const { content, requestId } = envelope;
  authenticate(envelope, trustOf(network));
  checkEffectiveCanister(content, target);
  const { sender, canister_id: canisterId, method_name: method, arg } = content;
  const result = fieldsOf(await runQuery(network, { requestId, sender, canisterId, method, arg }));
  const timestamp = network.clock();
  // "the signature covers the representation-independent hash of the response with timestamp and request_id"
  const hash = hashOfMap({ ...result, timestamp, request_id: requestId });
  const message = Buffer.concat([Buffer.from("\x0bic-response", "latin1"), hash]);
  const { keys } = subnetAt(network, target)!;
  const signature = new Uint8Array(sign(null, message, keys.nodeSecret));
  return cborAnswer({ ...result, signatures: [{ timestamp, signature, identity: keys.nodeId }] });
}

function fieldsOf(result: CallResult): { [key: string]: Hashable } {
  return result.status === "replied"
    ? { status: "replied", reply: { arg: result.reply } }
    : { status: "rejected", ...rejectionFields(result) };
}
