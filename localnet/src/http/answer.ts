import { encodeCbor } from "../certification/cbor.ts";
import type { CallResult } from "../replica/types.ts";

/** The response of an API endpoint. */
export interface Answer {
  status: 200 | 202;
  /** CBOR; absent with 202. */
  body?: Uint8Array;
}

export function cborAnswer(value: unknown): Answer {
  return { status: 200, body: encodeCbor(value) };
}

/** The fields of a rejection as the API names them. */
export function rejectionFields(rejection: Extract<CallResult, { status: "rejected" }>) {
  const { code, message, errorCode } = rejection;
  return { reject_code: code, reject_message: message, error_code: errorCode };
}
