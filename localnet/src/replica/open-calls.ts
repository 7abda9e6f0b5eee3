import type { CallContext } from "./call-context.ts";
import { keyOf } from "./canister-registry.ts";

export type IdleWaiter = (end: "idle" | "cancelled") => void;

/** The pending calls, by canister, and the callbacks that wait until a canister has none. */
export class OpenCalls {
  readonly #contexts = new Map<string, Set<CallContext>>();
  readonly #waiters = new Map<string, IdleWaiter[]>();

  all(): CallContext[] {
    return [...this.#contexts.values()].flatMap((contexts) => [...contexts]);
  }

  of(canister: Uint8Array): CallContext[] {
    return [...(this.#contexts.get(keyOf(canister)) ?? [])];
  }

  open(
    call: Pick<CallContext, "canister" | "origin" | "caller" | "deadline"> & { cycles: bigint },
  ): CallContext {
    const { cycles, ...facts } = call;
    const context: CallContext = {
      ...facts,
      state: "open",
      outstanding: 0,
      cyclesAvailable: cycles,
      instructions: 0n,
    };
    const key = keyOf(call.canister);
    const contexts = this.#contexts.get(key) ?? new Set();
    this.#contexts.set(key, contexts.add(context));
    return context;
  }

  close(context: CallContext): void {
    const key = keyOf(context.canister);
    const contexts = this.#contexts.get(key);
    if (!contexts?.delete(context) || contexts.size > 0) return;
    this.#contexts.delete(key);
    this.#endWait(key, "idle");
  }

  /** Calls back when the canister has no pending calls, or when the wait is cancelled. */
  whenIdle(canister: Uint8Array, then: IdleWaiter): void {
    const key = keyOf(canister);
    if (!this.#contexts.has(key)) then("idle");
    else this.#waiters.set(key, [...(this.#waiters.get(key) ?? []), then]);
  }

  cancelWaiters(canister: Uint8Array): void {
    this.#endWait(keyOf(canister), "cancelled");
  }

  #endWait(key: string, end: "idle" | "cancelled"): void {
    const waiters = this.#waiters.get(key) ?? [];
    this.#waiters.delete(key);
    for (const waiter of waiters) waiter(end);
  }
}
