import { TypedError } from "../typed-error.ts";
import { callFailure, toTypedError } from "./call-failure.ts";
import { pause } from "./pause.ts";

/** How often a call is retried, and the waits in between. Times in milliseconds. */
export type RetryPolicy = { tries: number; firstDelay: number; longestDelay: number };

export const defaultRetryPolicy: RetryPolicy = { tries: 6, firstDelay: 250, longestDelay: 8_000 };

/**
 * Milliseconds to wait after the `failed`-th failure in a row (1, 2, ...): exponential, with
 * random jitter in the upper half, so that many workers do not retry in step.
 * @param random in [0, 1)
 * @source M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015 (equal jitter)
 */
export function retryDelay(policy: RetryPolicy, failed: number, random: number): number {
  const ceiling = Math.min(policy.longestDelay, policy.firstDelay * 2 ** (failed - 1));
  return ceiling / 2 + (ceiling / 2) * random;
}

/**
 * Retries a call while its failures are transient. Only for idempotent calls.
 * @param options.target name of the canister and host for error messages
 * @param options.onTransient called for every failure that is retried
 * @throws TypedError CANISTER_UNREACHABLE, CANISTER_NOT_FOUND, CANISTER_FAILED, CALL_REFUSED,
 *   CERTIFICATE_INVALID; the signal's reason once it is aborted
 */
export async function withRetry<Reply>(
  call: () => Promise<Reply>,
  options: {
    target: string;
    policy?: RetryPolicy | undefined;
    signal?: AbortSignal | undefined;
    onTransient?: ((why: string) => void) | undefined;
  },
): Promise<Reply> {
  const policy = options.policy ?? defaultRetryPolicy;
  for (let failed = 0; ; ) {
    options.signal?.throwIfAborted();
    try {
      return await abandonable(call(), options.signal);
    } catch (error) {
      options.signal?.throwIfAborted();
      const failure = callFailure(error);
      failed += 1;
      if (failure?.retry !== "later") throw toTypedError(error, options.target);
      if (failed >= policy.tries) {
        throw new TypedError(
          failure.code,
          `${options.target}: ${failure.why} (${failed} tries). Check the address and that the network runs, then start again: what has arrived is kept`,
          { cause: error },
        );
      }
      options.onTransient?.(failure.why);
      await pause(retryDelay(policy, failed, Math.random()), options.signal);
    }
  }
}

/** The agent cannot cancel a request: on abort its result is ignored. */
async function abandonable<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
