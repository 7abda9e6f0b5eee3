import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CertifiedRejectErrorCode,
  HttpErrorCode,
  HttpFetchErrorCode,
  ProtocolError,
  RejectError,
  type RequestId,
  TransportError,
} from "@dfinity/agent";
import { callFailure } from "@kiln/client/network/call-failure";
import { retryDelay, withRetry } from "@kiln/client/network/retry";

const refused = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:1"), { code: "ECONNREFUSED" });
const transport = TransportError.fromCode(
  new HttpFetchErrorCode(new TypeError("fetch failed", { cause: refused })),
);
const http = (status: number) => ProtocolError.fromCode(new HttpErrorCode(status, "status text", [], "body"));
const reject = (code: number, errorCode?: string) =>
  RejectError.fromCode(
    new CertifiedRejectErrorCode(new Uint8Array(32) as RequestId, code, "said so", errorCode),
  );

const cells: [name: string, error: unknown, expected: ReturnType<typeof callFailure>][] = [
  [
    "nobody listens",
    transport,
    { retry: "later", code: "CANISTER_UNREACHABLE", why: "connect ECONNREFUSED 127.0.0.1:1" },
  ],
  ["gateway away", http(503), { retry: "later", code: "CANISTER_UNREACHABLE", why: "HTTP status 503: body" }],
  ["too many", http(429), { retry: "later", code: "CANISTER_UNREACHABLE", why: "HTTP status 429: body" }],
  ["not the IC", http(404), { retry: "never", code: "CALL_REFUSED", why: "HTTP status 404: body" }],
  ["SYS_TRANSIENT", reject(2), { retry: "later", code: "CANISTER_UNREACHABLE", why: "said so" }],
  ["no canister", reject(3), { retry: "never", code: "CANISTER_NOT_FOUND", why: "said so" }],
  ["inspect_message", reject(4), { retry: "never", code: "CALL_REFUSED", why: "said so" }],
  ["trap", reject(5, "IC0503"), { retry: "never", code: "CANISTER_FAILED", why: "said so" }],
  ["stopped", reject(5, "IC0508"), { retry: "later", code: "CANISTER_UNREACHABLE", why: "said so" }],
  ["stopping", reject(5, "IC0509"), { retry: "later", code: "CANISTER_UNREACHABLE", why: "said so" }],
  ["SYS_UNKNOWN", reject(6), { retry: "later", code: "CANISTER_UNREACHABLE", why: "said so" }],
  ["a mistake in the program", new RangeError("oops"), undefined],
];

for (const [name, error, expected] of cells) {
  test(`call failure: ${name}`, () => assert.deepEqual(callFailure(error), expected));
}

const policy = { tries: 3, firstDelay: 1, longestDelay: 4 };

test("retry: the delay doubles up to the maximum, and jitter takes off at most half of it", () => {
  const delays = [1, 2, 3, 4].map((failed) => [0, 0.5].map((random) => retryDelay(policy, failed, random)));
  assert.deepEqual(delays, [
    [0.5, 0.75],
    [1, 1.5],
    [2, 3],
    [2, 3],
  ]);
});

test("retry: transient failures are reported and retried until the call succeeds", async () => {
  const heard: string[] = [];
  let calls = 0;
  const flaky = async () => {
    calls += 1;
    if (calls < 3) throw reject(2);
    return calls;
  };
  assert.equal(await withRetry(flaky, { target: "t", policy, onTransient: (why) => heard.push(why) }), 3);
  assert.deepEqual(heard, ["said so", "said so"]);
});

test("retry: gives up after the last try with a typed error that is not final", async () => {
  await assert.rejects(
    withRetry(() => Promise.reject(transport), { target: "canister x", policy }),
    {
      code: "CANISTER_UNREACHABLE",
      final: false,
      message: /^canister x: connect ECONNREFUSED 127\.0\.0\.1:1 \(3 tries\)/,
    },
  );
});

test("retry: final failures are not retried", async () => {
  let calls = 0;
  const trap = () => {
    calls += 1;
    return Promise.reject(reject(5));
  };
  await assert.rejects(withRetry(trap, { target: "t", policy }), { code: "CANISTER_FAILED", final: true });
  assert.equal(calls, 1);
});

test("retry: an aborted signal ends the wait for a call that hangs", async () => {
  const stop = new AbortController();
  const waiting = withRetry(() => new Promise(() => {}), { target: "t", policy, signal: stop.signal });
  stop.abort(new Error("stop"));
  await assert.rejects(waiting, { message: "stop" });
});
