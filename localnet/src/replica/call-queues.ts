import { keyOf } from "./canister-registry.ts";

/** Maximum number of unanswered calls from one canister to another. @source Internet Computer resource limits */
export const queueCapacity = 500;

/** The number of each canister's pending calls, by callee. */
export class CallQueues {
  readonly #counts = new Map<string, number>();

  /** How many more calls can be made. */
  room(caller: Uint8Array, callee: Uint8Array): number {
    return queueCapacity - (this.#counts.get(pairOf(caller, callee)) ?? 0);
  }

  enter(caller: Uint8Array, callee: Uint8Array): void {
    const pair = pairOf(caller, callee);
    this.#counts.set(pair, (this.#counts.get(pair) ?? 0) + 1);
  }

  leave(caller: Uint8Array, callee: Uint8Array): void {
    const pair = pairOf(caller, callee);
    const left = (this.#counts.get(pair) ?? 0) - 1;
    if (left > 0) this.#counts.set(pair, left);
    else this.#counts.delete(pair);
  }
}

function pairOf(caller: Uint8Array, callee: Uint8Array): string {
  return `${keyOf(caller)} ${keyOf(callee)}`;
}
