import {
  AgentError,
  CertificateVerificationErrorCode,
  CertifiedRejectErrorCode,
  HttpErrorCode,
  HttpFetchErrorCode,
  MissingRootKeyErrorCode,
  QuerySignatureVerificationFailedErrorCode,
  UncertifiedRejectErrorCode,
  UncertifiedRejectUpdateErrorCode,
} from "@dfinity/agent";
import type { ClientErrorCode } from "../client-errors.ts";
import { TypedError } from "../typed-error.ts";

/** Why a call got no reply. Transient: the same call may succeed later. */
export type CallFailure = { retry: "later" | "never"; code: ClientErrorCode; why: string };

/** Too many requests, and what gateways return while the replica is unavailable. */
const passingStatus = new Set([408, 425, 429, 500, 502, 503, 504]);

/** SYS_TRANSIENT and SYS_UNKNOWN. @source IC interface specification, "Reject codes" */
const passingReject = new Set([2, 6]);

/** IC0508 and IC0509: the canister is stopped or stopping, as it is while it is upgraded. */
const stopped = new Set(["IC0508", "IC0509"]);

/** Classifies an error thrown by the agent. `undefined` if it is not a failed call (but a bug). */
export function callFailure(error: unknown): CallFailure | undefined {
  if (!(error instanceof AgentError)) return undefined;
  const { code } = error;
  if (code instanceof HttpFetchErrorCode)
    return { retry: "later", code: "CANISTER_UNREACHABLE", why: networkReason(code.error) };
  if (code instanceof HttpErrorCode) {
    const why = `HTTP status ${code.status}: ${code.bodyText?.trim().slice(0, 200) || code.statusText}`;
    return passingStatus.has(code.status)
      ? { retry: "later", code: "CANISTER_UNREACHABLE", why }
      : { retry: "never", code: "CALL_REFUSED", why };
  }
  if (
    code instanceof CertifiedRejectErrorCode ||
    code instanceof UncertifiedRejectErrorCode ||
    code instanceof UncertifiedRejectUpdateErrorCode
  )
    return reject(code);
  if (
    code instanceof CertificateVerificationErrorCode ||
    code instanceof QuerySignatureVerificationFailedErrorCode ||
    code instanceof MissingRootKeyErrorCode
  )
    return {
      retry: "never",
      code: "CERTIFICATE_INVALID",
      why: "the answer is not signed with the expected root key: a local network needs its own (KILN_IC_ROOT_KEY=fetch)",
    };
  return { retry: "later", code: "CANISTER_UNREACHABLE", why: firstLine(error.message) };
}

/** The error to show to a user. Anything but a failed call is returned unchanged. */
export function toTypedError(error: unknown, target: string): unknown {
  const failure = callFailure(error);
  if (failure === undefined) return error;
  return new TypedError(failure.code, `${target}: ${failure.why}`, { cause: error });
}

type Reject = { rejectCode: number; rejectMessage: string; rejectErrorCode: string | undefined };

function reject({ rejectCode, rejectMessage, rejectErrorCode }: Reject): CallFailure {
  if (passingReject.has(rejectCode) || stopped.has(rejectErrorCode ?? ""))
    return { retry: "later", code: "CANISTER_UNREACHABLE", why: rejectMessage };
  // DESTINATION_INVALID: there is no such canister, or it has no such method.
  if (rejectCode === 3) return { retry: "never", code: "CANISTER_NOT_FOUND", why: rejectMessage };
  if (rejectCode === 4) return { retry: "never", code: "CALL_REFUSED", why: rejectMessage };
  return { retry: "never", code: "CANISTER_FAILED", why: rejectMessage };
}

/** The message `fetch failed` is no help: the reason is in the innermost cause. */
function networkReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return networkReason(error.cause);
  const code = (error as NodeJS.ErrnoException).code;
  return error.message || code || "no answer";
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
