import { createRequire } from "node:module";
import type { HttpRequest, HttpResponse } from "./canister-http.ts";

// The package's main file is CommonJS, its types are those of the build for the web.
const { verifyRequestResponsePair }: typeof import("@dfinity/response-verification") = createRequire(
  import.meta.url,
)("@dfinity/response-verification");

/** How far a certificate's time may be from now, nanoseconds. */
const tolerance = 300_000_000_000n;

export interface Judge {
  canisterId: Uint8Array;
  rootKey: Uint8Array;
  /** Nanoseconds since 1970. */
  now: bigint;
}

/** The verdict on a reply of http_request: `certified` carries only what the certificate covers. */
export type Verdict =
  | { kind: "certified"; headers: [string, string][] }
  | { kind: "uncertified" }
  | { kind: "invalid"; reason: string };

/** Verifies a reply by its IC-Certificate header, with the platform's own library. */
export function verify(request: HttpRequest, response: HttpResponse, judge: Judge): Verdict {
  const isClaimed = response.headers.some(([name]) => name.toLowerCase() === "ic-certificate");
  if (!isClaimed) return { kind: "uncertified" };
  try {
    const { response: verified } = verifyRequestResponsePair(
      { ...request, certificate_version: [2] },
      { status_code: response.status, headers: response.headers, body: response.body },
      judge.canisterId,
      judge.now,
      tolerance,
      judge.rootKey,
      2,
    );
    // A certificate may state that nothing is certified; then it covers no header.
    return verified ? { kind: "certified", headers: verified.headers } : { kind: "uncertified" };
  } catch (error) {
    return { kind: "invalid", reason: (error as { message?: string }).message ?? String(error) };
  }
}
