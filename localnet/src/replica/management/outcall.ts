import { IDL } from "@dfinity/candid";
import { errorCodes, type Rejection } from "../../canister/trap.ts";
import { outcallFee } from "../../cycles/fees.ts";
import type { CallResult } from "../types.ts";
import type { ManagementCall, ManagementParts, Outcome, Result } from "./method.ts";
import {
  type OutcallArg,
  type OutcallPolicy,
  type OutcallResponse,
  outcallResponse,
  transformArg,
} from "./outcall-interface.ts";
import { Refusal } from "./refusal.ts";
import { FailedOutcall, sendOutcall } from "./send-outcall.ts";

/** @source IC interface specification, http_request */
const largestResponse = 2_000_000n;
const largestRequest = 2_000_000;
const longestText = 8192;
const mostHeaders = 64;

/**
 * An HTTPS outcall: one request, where the platform sends one per node and compares the responses. The fee is kept
 * whatever the result.
 * @throws Refusal for what is not sent at all
 */
export function outcall(parts: ManagementParts, arg: OutcallArg, call: ManagementCall): Result {
  const limit = check(arg, parts.outcalls, call);
  const fee = outcallFee(requestSize(arg), limit);
  if (call.cycles < fee) {
    const message = `http_request request sent with ${call.cycles} cycles, but ${fee} cycles are required.`;
    throw new Refusal(errorCodes.canisterRejected, message);
  }
  const canister = parts.registry.get(call.caller);
  if (canister) canister.consumed.http_outcalls += fee;
  const settled = answerOf(parts, arg, { caller: call.caller, limit: Number(limit) });
  return { later: (settle) => void settled.then((outcome) => settle({ ...outcome, kept: fee })) };
}

/** @returns the maximum bytes of the response */
function check(arg: OutcallArg, policy: OutcallPolicy, { caller }: ManagementCall): bigint {
  if (policy === "off") {
    const message = "This API is not enabled on this subnet: start the network with outcalls switched on.";
    throw new Refusal(errorCodes.contractViolation, message);
  }
  const [limit = largestResponse] = arg.max_response_bytes;
  if (limit > largestResponse) {
    throw invalid(`max_response_bytes expected to be in the range [0..${largestResponse}], got ${limit}`);
  }
  if (arg.url.length > longestText) throw invalid(`url exceeds the limit of ${longestText} bytes`);
  if (arg.headers.length > mostHeaders)
    throw invalid(`number of headers exceeds the limit of ${mostHeaders}`);
  const isTooLong = arg.headers.some(({ name, value }) => Math.max(name.length, value.length) > longestText);
  if (isTooLong) throw invalid(`a header's name or value exceeds the limit of ${longestText} bytes`);
  if (requestSize(arg) > largestRequest)
    throw invalid(`the request exceeds the limit of ${largestRequest} bytes`);
  const [transform] = arg.transform;
  if (transform && Buffer.compare(transform.function[0].toUint8Array(), caller) !== 0) {
    throw invalid("the transform function must be one of the canister that makes the request");
  }
  return limit;
}

function invalid(message: string): Refusal {
  return new Refusal(errorCodes.invalidManagementPayload, message);
}

function requestSize({ url, headers, body, transform }: OutcallArg): number {
  const fields = headers.reduce((sum, { name, value }) => sum + name.length + value.length, 0);
  const [
    {
      function: [, method],
      context,
    } = { function: ["", ""], context: [] },
  ] = transform;
  return url.length + fields + (body[0]?.length ?? 0) + method.length + context.length;
}

async function answerOf(
  parts: ManagementParts,
  arg: OutcallArg,
  { caller, limit }: { caller: Uint8Array; limit: number },
): Promise<Outcome> {
  try {
    const response = await sendOutcall(arg, { limit, policy: parts.outcalls, signal: parts.signal });
    return transformed(parts, arg, response, { caller, limit });
  } catch (error) {
    if (error instanceof FailedOutcall) return { rejection: failure(error.code, error.message) };
    return { rejection: failure(1, `The local network failed: ${error}`) };
  }
}

/** The response transformed by the canister's own query. */
function transformed(
  { query }: ManagementParts,
  { transform: [transform] }: OutcallArg,
  response: OutcallResponse,
  { caller, limit }: { caller: Uint8Array; limit: number },
): Outcome {
  if (!transform) return { reply: [response] };
  const arg = new Uint8Array(IDL.encode([transformArg], [{ response, context: transform.context }]));
  // "The caller of the transform function is the management canister."
  const method = transform.function[1];
  const result: CallResult = query({ caller: new Uint8Array(), callee: caller, method, arg });
  if (result.status === "rejected") return { rejection: result };
  if (result.reply.length > limit) {
    return { rejection: failure(1, `Transformed http response exceeds limit: ${limit}`) };
  }
  try {
    return { reply: IDL.decode([outcallResponse], result.reply) };
  } catch (error) {
    return { rejection: failure(1, `The transform function's reply is no http response: ${error}`) };
  }
}

/** Canisters see the reject code; the error code, which only callers from outside would see, is invented. */
function failure(code: 1 | 2, message: string): Rejection {
  return { status: "rejected", code, message, errorCode: `IC0${code}01` };
}
