import type { Canister } from "../canister/canister.ts";
import type { Task } from "./call-context.ts";
import type { CanisterRegistry } from "./canister-registry.ts";

/** How often canisters with a heartbeat are woken, milliseconds. */
const heartbeatInterval = 1000;

const tolerance = 100;

/** Longest delay that Node's timers take, milliseconds. */
const longestDelay = 2 ** 31 - 1;

/** Wakes canisters: global timers when they are due, heartbeats regularly. Also charges them for their time. Does not
 * keep the process alive. */
export class Clock {
  readonly #registry: CanisterRegistry;
  readonly #now: () => bigint;
  readonly #acts: { wake: (task: Task) => void; charge: (canister: Canister) => void };
  readonly #heartbeat: NodeJS.Timeout;
  #timer: NodeJS.Timeout | undefined;
  #due: bigint | undefined;
  /** When the last heartbeat was, by the network's clock. */
  #beatAt: bigint;

  /** @param now nanoseconds since 1970 */
  constructor(
    registry: CanisterRegistry,
    now: () => bigint,
    acts: { wake: (task: Task) => void; charge: (canister: Canister) => void },
  ) {
    this.#registry = registry;
    this.#now = now;
    this.#acts = acts;
    this.#beatAt = now();
    this.#heartbeat = setInterval(() => this.#beatIfDue(), heartbeatInterval).unref();
  }

  /** Sets the timer to the earliest global timer. Call it after messages, which may have changed one. */
  reschedule(): void {
    const due = this.#earliest();
    if (due === this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    if (due === undefined) return;
    const delay = Number(due - this.#now()) / 1e6;
    this.#timer = setTimeout(() => this.#ring(), Math.min(Math.max(delay, 0), longestDelay)).unref();
  }

  /** The network's clock was set: runs everything that is due. */
  timeChanged(): void {
    for (const canister of this.#registry.all()) this.#acts.charge(canister);
    this.#beatIfDue();
    // Due timers are woken synchronously, so that `settled` waits for them.
    this.#ring();
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#heartbeat);
  }

  #earliest(): bigint | undefined {
    let earliest: bigint | undefined;
    for (const { globalTimer, status } of this.#registry.all()) {
      const isSet = globalTimer > 0n && status === "running";
      if (isSet && (earliest === undefined || globalTimer < earliest)) earliest = globalTimer;
    }
    return earliest;
  }

  #ring(): void {
    this.#due = undefined;
    const now = this.#now();
    for (const canister of this.#registry.all()) {
      if (canister.globalTimer === 0n || canister.globalTimer > now || canister.status !== "running")
        continue;
      // "The timer is deactivated before the function runs."
      canister.globalTimer = 0n;
      this.#acts.wake({ kind: "task", canister: canister.id, entry: "canister_global_timer" });
    }
    this.reschedule();
  }

  /** By the network's clock, which tests may stop; Node's timers are a little early or late. */
  #beatIfDue(): void {
    const interval = BigInt(heartbeatInterval - tolerance) * 1_000_000n;
    if (this.#now() - this.#beatAt >= interval) this.#beat();
  }

  #beat(): void {
    this.#beatAt = this.#now();
    for (const canister of this.#registry.all()) {
      this.#acts.charge(canister);
      const { id, program, status } = canister;
      if (status !== "running" || !program?.module.functions.has("canister_heartbeat")) continue;
      this.#acts.wake({ kind: "task", canister: id, entry: "canister_heartbeat" });
    }
  }
}
