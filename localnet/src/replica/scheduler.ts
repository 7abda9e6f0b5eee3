import type { Canister } from "../canister/canister.ts";
import { methodKind } from "../canister/compiled-module.ts";
import { executeDiscarded, executeUpdate, type Finished } from "../canister/execute.ts";
import type { Closure, Input, OutgoingCall } from "../canister/execution.ts";
import { watchMemory } from "../canister/low-memory.ts";
import { errorCodes, type Rejection, reject, rejectionOf, type Trap, textOf } from "../canister/trap.ts";
import { admit, didNotReply, noSuchMethod } from "./admission.ts";
import type {
  Callback,
  CallContext,
  Origin,
  QueuedMessage,
  Request,
  Response,
  Route,
  Task,
} from "./call-context.ts";
import { CallQueues } from "./call-queues.ts";
import type { CanisterRegistry } from "./canister-registry.ts";
import { DelayLine } from "./delay-line.ts";
import type { Faults } from "./faults.ts";
import type { InstructionLimits } from "./instruction-limits.ts";
import { arrival, type FullLatency, latencySchema } from "./latency.ts";
import { type IdleWaiter, OpenCalls } from "./open-calls.ts";
import { giveBack, payIngress, payReply, prepay, tariffOf } from "./payment.ts";
import type { SubnetList } from "./subnet-list.ts";
import type { CallResult } from "./types.ts";

/** Answers a request and refunds cycles. */
export type Answer = (result: CallResult, refund: bigint) => void;

export interface SchedulerParts {
  registry: CanisterRegistry;
  limits: InstructionLimits;
  /** Nanoseconds since 1970. */
  now: () => bigint;
  subnets: SubnetList;
  /** Executes calls to the management canister and the system canisters. */
  serve: (request: Request, answer: Answer) => "served" | "not mine";
  faults: Faults;
  /** Called before a canister runs a message: charges what the canister owes. */
  charge: (canister: Canister) => void;
  /** Called with the cost of each executed message. */
  onExecuted: (execution: Executed) => void;
  /** Called after each message. */
  onProgress: () => void;
}

/** A message that has run. */
export interface Executed {
  canister: Uint8Array;
  /** The exported function, or how the caller was answered. */
  entry: string;
  instructions: bigint;
}

/** Largest argument of a call to another subnet, bytes. @source Internet Computer resource limits */
const largestBetweenSubnets = 2 * 1024 * 1024;

/** How long messages run before the event loop gets its turn, milliseconds. */
const sliceLength = 20;

/**
 * Executes messages one at a time in the order of their arrival: each commits or is undone before the next.
 * A call lives in a call context until its last callback has run.
 */
export class Scheduler {
  readonly #parts: SchedulerParts;
  readonly #queue: QueuedMessage[] = [];
  readonly #calls = new OpenCalls();
  readonly #queues = new CallQueues();
  /** Bounded calls that wait for their answers. */
  readonly #bounded = new Set<Callback>();
  readonly #stoppedSubnets = new Set<number>();
  /** Messages for canisters of stopped subnets; heartbeats and timers do not wait. */
  #held: QueuedMessage[] = [];
  /** Messages on their way. */
  readonly #delays: DelayLine;
  latency: FullLatency = latencySchema.parse({});
  #slice: NodeJS.Immediate | undefined;
  #state: "running" | "closed" = "running";
  /** Resolvers of `settled`. */
  #waiting: (() => void)[] = [];

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
    this.#delays = new DelayLine(parts.now);
  }

  enqueue(message: QueuedMessage): void {
    if (this.#state === "closed") return;
    this.#queue.push(message);
    this.#slice ??= setImmediate(() => this.#runSlice());
  }

  /** Sends a request, subject to faults. */
  send(request: Request): void {
    const fate = this.#parts.faults.fateOf(request);
    const depart = (message: Request) =>
      this.#travel(request, request.origin.kind, () => this.enqueue(message));
    if (fate.kind === "deliver") depart(request);
    if (fate.kind === "delay") {
      this.#delays.at(this.#parts.now() + BigInt(Math.round(fate.milliseconds * 1e6)), () => depart(request));
    }
    if (fate.kind === "reject") this.#deliver(request.origin, fate.rejection, request.cycles);
    // With no recipient, the response is lost.
    if (fate.kind === "drop" && fate.what === "reply") depart({ ...request, origin: { kind: "task" } });
  }

  /** Calls back when a message that is sent now on this route has arrived. */
  #travel({ caller, callee, method }: Route, from: Origin["kind"], arrived: () => void): void {
    const { round, betweenSubnets, edges } = this.latency;
    const isInstant = round === 0 && betweenSubnets === 0 && edges.length === 0;
    if (isInstant || this.#state === "closed") {
      arrived();
      return;
    }
    const { now, subnets } = this.#parts;
    const isFar = callee.length > 0 && subnets.of(caller) !== subnets.of(callee);
    const over = from === "ingress" ? "outside" : isFar ? "subnets" : "nothing";
    const way = { caller: textOf(caller), callee: textOf(callee), method, over } as const;
    this.#delays.at(arrival(this.latency, way, now()), arrived);
  }

  stopSubnet(index: number): void {
    this.#stoppedSubnets.add(index);
  }

  startSubnet(index: number): void {
    this.#stoppedSubnets.delete(index);
    for (const message of this.#held.splice(0)) this.enqueue(message);
  }

  isStopped(canister: Uint8Array): boolean {
    return this.#stoppedSubnets.has(this.#parts.subnets.of(canister));
  }

  /** The clock was set: delivers messages that are due, and times out bounded calls. */
  timeChanged(): void {
    this.#delays.flush();
    const now = this.#parts.now();
    for (const callback of this.#bounded) {
      if (callback.deadline <= now) this.#respond(callback, expired, 0n);
    }
  }

  /** Calls back when the canister has no pending calls, or when the wait is cancelled. */
  whenIdle(canister: Uint8Array, then: IdleWaiter): void {
    this.#calls.whenIdle(canister, then);
  }

  cancelIdleWaiters(canister: Uint8Array): void {
    this.#calls.cancelWaiters(canister);
  }

  /** Rejects all calls under way; their callbacks will not run. */
  abandon(canister: Uint8Array): void {
    for (const context of this.#calls.of(canister)) {
      const message = `Canister ${textOf(canister)} has been uninstalled.`;
      this.#answer(context, reject(errorCodes.canisterRejected, message));
      context.state = "deleted";
      this.#calls.close(context);
    }
  }

  /** Stops. Rejects requests from outside; drops calls between canisters. */
  close(): void {
    this.#delays.drain();
    this.#state = "closed";
    clearImmediate(this.#slice);
    this.#slice = undefined;
    this.#settleWaiting();
    const requests = this.#queue.splice(0).filter((message) => message.kind === "request");
    const stopped = reject(
      errorCodes.replicaStopped,
      "The replica was stopped before the call was answered.",
    );
    for (const { origin } of requests) this.#deliver(origin, stopped, 0n);
    for (const context of this.#calls.all()) this.#answer(context, stopped);
  }

  #runSlice(): void {
    const end = performance.now() + sliceLength;
    do {
      const message = this.#queue.shift();
      if (!message) break;
      if (!this.isStopped(targetOf(message))) this.#executeAndWatch(message);
      else if (message.kind !== "task") this.#held.push(message);
      this.#parts.onProgress();
    } while (performance.now() < end);
    this.#slice = this.#queue.length > 0 ? setImmediate(() => this.#runSlice()) : undefined;
    if (!this.#slice) this.#settleWaiting();
  }

  /**
   * Resolves when all messages that have arrived, and those that they caused, have run and been answered. Does not
   * wait for messages that are still on their way or held for a stopped subnet.
   */
  async settled(): Promise<void> {
    if (this.#slice) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }

  #settleWaiting(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #executeAndWatch(message: QueuedMessage): void {
    this.#execute(message);
    const canister = this.#parts.registry.get(targetOf(message));
    if (canister) this.watchMemory(canister);
  }

  /** "The hook runs before any other message" once little memory is left. */
  watchMemory(canister: Canister): void {
    if (!watchMemory(canister)) return;
    this.#queue.unshift({ kind: "task", canister: canister.id, entry: "canister_on_low_wasm_memory" });
    this.#slice ??= setImmediate(() => this.#runSlice());
  }

  #execute(message: QueuedMessage): void {
    if (message.kind === "request") this.#executeRequest(message);
    else if (message.kind === "response") this.#executeResponse(message);
    else this.#executeTask(message);
  }

  #executeRequest(request: Request): void {
    const { origin, cycles } = request;
    const answer: Answer = (result, refund) => this.#deliver(origin, result, refund);
    if (this.#parts.serve(request, answer) === "served") return;
    const result = this.#resultOf(request);
    if (result) answer(result, cycles);
  }

  /** Undefined when the request opened a call context, which will answer it. */
  #resultOf(request: Request): CallResult | undefined {
    const { callee, method, origin, arg } = request;
    const called = this.#parts.registry.get(callee);
    if (called) this.#parts.charge(called);
    const admitted = admit(this.#parts.registry, callee);
    if ("rejection" in admitted) return admitted.rejection;
    const { canister, program } = admitted;
    const unpaid = origin.kind === "ingress" && payIngress(canister, method.length + arg.length);
    if (unpaid) return unpaid;
    const { minimumCallCycles } = canister.settings;
    if (origin.kind === "call" && request.cycles < minimumCallCycles) {
      const message = `Canister ${textOf(callee)} takes calls with at least ${minimumCallCycles} cycles`;
      return reject(errorCodes.canisterRejected, message);
    }
    switch (methodKind(program.module, method)) {
      case "update":
        return this.#executeUpdate(canister, request);
      case "query":
        return this.#executeReplicatedQuery(canister, request);
      case "composite_query": {
        const message = "Composite query cannot be called in replicated mode";
        return reject(errorCodes.compositeQueryInReplicatedMode, message);
      }
      default:
        return noSuchMethod(callee, "update", method);
    }
  }

  #executeUpdate(canister: Canister, request: Request): Rejection | undefined {
    const { origin, caller, method, arg, cycles, deadline } = request;
    const prepaid = prepay(canister, this.#parts.limits.update);
    if (typeof prepaid === "object") return prepaid;
    const context = this.#calls.open({ canister: canister.id, origin, caller, deadline, cycles });
    const input: Input = { caller, arg, deadline, cyclesAvailable: cycles, call: "open" };
    const finished = this.#run(canister, context, "U", { export: `canister_update ${method}` }, input);
    giveBack(canister, prepaid, finished.instructions);
    this.#settle(context, finished.trap);
    return undefined;
  }

  /** A query method through the update path: no state change survives, and no cycles are kept. */
  #executeReplicatedQuery(
    canister: Canister,
    { caller, method, arg, cycles, deadline }: Request,
  ): CallResult {
    const prepaid = prepay(canister, this.#parts.limits.query);
    if (typeof prepaid === "object") return prepaid;
    const { journal, trap, instructions } = executeDiscarded(canister, {
      context: "RQ",
      entry: { export: `canister_query ${method}` },
      input: { caller, arg, deadline, cyclesAvailable: cycles },
      limit: this.#parts.limits.query,
      time: this.#parts.now(),
    });
    giveBack(canister, prepaid, instructions);
    this.#parts.onExecuted({ canister: canister.id, entry: `canister_query ${method}`, instructions });
    if (trap) return rejectionOf(trap, canister.id);
    return journal.response ?? didNotReply(canister.id);
  }

  #executeTask({ canister: id, entry }: Task): void {
    const admitted = admit(this.#parts.registry, id);
    if ("rejection" in admitted) return;
    if (entry === "canister_on_low_wasm_memory") {
      if (admitted.canister.lowMemoryHook !== "ready") return;
      admitted.canister.lowMemoryHook = "executed";
    }
    if (!admitted.program.module.functions.has(entry)) return;
    this.#parts.charge(admitted.canister);
    // "A frozen canister is not woken."
    const prepaid = prepay(admitted.canister, this.#parts.limits.update);
    if (typeof prepaid === "object") return;
    // "The caller of system tasks is the management canister."
    const caller = new Uint8Array();
    const call = { canister: id, origin: { kind: "task" }, caller, deadline: 0n, cycles: 0n } as const;
    const context = this.#calls.open(call);
    const finished = this.#run(admitted.canister, context, "T", { export: entry }, { caller });
    giveBack(admitted.canister, prepaid, finished.instructions);
    this.#settle(context, finished.trap);
  }

  #executeResponse({ callback, result, refund }: Response): void {
    const { context, route } = callback;
    this.#queues.leave(route.caller, route.callee);
    const canister = this.#parts.registry.get(context.canister);
    if (!canister) return;
    canister.cycles += refund;
    const bytes = result.status === "replied" ? result.reply.length : result.message.length;
    const prepaid = payReply(canister, callback, bytes);
    context.outstanding -= 1;
    if (context.state === "deleted" || !canister.program) {
      canister.cycles += prepaid;
      return;
    }
    const before = context.instructions;
    const trap = this.#callBack(canister, callback, result, refund);
    if (trap === "no callback") canister.cycles += prepaid;
    else giveBack(canister, prepaid, context.instructions - before);
    this.#settle(context, trap === "no callback" ? undefined : trap);
  }

  /** Runs the callback, and the cleanup when that traps; each is a message with a commit of its own. */
  #callBack(
    canister: Canister,
    callback: Callback,
    result: CallResult,
    refund: bigint,
  ): Trap | undefined | "no callback" {
    const { context, onReply, onReject, onCleanup } = callback;
    const isReply = result.status === "replied";
    const closure = isReply ? onReply : onReject;
    if (isOneWay(closure)) return "no callback";
    const rejection = isReply ? undefined : { rejection: result };
    const input: Input = {
      caller: context.caller,
      deadline: context.deadline,
      cyclesAvailable: context.cyclesAvailable,
      cyclesRefunded: refund,
      call: context.state === "open" ? "open" : "answered",
      ...(isReply ? { arg: result.reply } : rejection),
    };
    const { trap } = this.#run(canister, context, isReply ? "Ry" : "Rt", { closure }, input);
    if (trap && onCleanup && canister.program) {
      const cleanup = { caller: context.caller, ...rejection };
      this.#run(canister, context, "C", { closure: onCleanup }, cleanup);
    }
    return trap;
  }

  /** Runs one message of a call; its own calls are sent after it commits. */
  #run(
    canister: Canister,
    context: CallContext,
    kind: "U" | "T" | "Ry" | "Rt" | "C",
    entry: { export: string } | { closure: Closure },
    input: Input,
  ): Finished {
    const finished = executeUpdate(canister, {
      context: kind,
      entry,
      input,
      tariff: tariffOf(canister, this.#parts.limits.update),
      room: (callee) => this.#queues.room(canister.id, callee),
      limit: this.#parts.limits.update,
      instructionsBefore: context.instructions,
      time: this.#parts.now(),
    });
    context.instructions += finished.instructions;
    this.#parts.onExecuted({
      canister: canister.id,
      entry: "export" in entry ? entry.export : `callback ${kind}`,
      instructions: finished.instructions,
    });
    if (finished.trap) return finished;
    const { journal } = finished;
    context.cyclesAvailable -= journal.cyclesAccepted;
    for (const call of journal.calls) this.#send(context, call);
    if (journal.response) this.#answer(context, journal.response);
    return finished;
  }

  #send(context: CallContext, call: OutgoingCall): void {
    const { onReply, onReject, onCleanup, callee, method, arg, cycles, timeout, prepaid } = call;
    const callback: Callback = {
      context,
      route: { caller: context.canister, callee, method },
      onReply,
      onReject,
      onCleanup,
      prepaid,
      state: "waiting",
      deadline: timeout === undefined ? 0n : this.#parts.now() + BigInt(timeout) * 1_000_000_000n,
      timeout: undefined,
    };
    const { deadline } = callback;
    context.outstanding += 1;
    this.#queues.enter(context.canister, callee);
    if (timeout !== undefined) {
      this.#bounded.add(callback);
      callback.timeout = setTimeout(() => this.#respond(callback, expired, 0n), timeout * 1000).unref();
    }
    const origin: Origin = { kind: "call", callback };
    const refusal = this.#refusalOf(context.canister, call);
    if (refusal) {
      this.#respond(callback, refusal, cycles);
      return;
    }
    this.send({
      kind: "request",
      origin,
      caller: context.canister,
      callee,
      method,
      arg,
      cycles,
      deadline,
    });
  }

  /** Requests between subnets have the same size limit as those from outside. */
  #refusalOf(caller: Uint8Array, { callee, arg }: OutgoingCall): Rejection | undefined {
    const { subnets } = this.#parts;
    if (arg.length <= largestBetweenSubnets || callee.length === 0) return undefined;
    if (subnets.of(caller) === subnets.of(callee)) return undefined;
    const message = `Canister ${textOf(caller)} violated contract: attempted to send a message of size ${arg.length} to another subnet exceeding the limit ${largestBetweenSubnets}`;
    return reject(errorCodes.contractViolation, message);
  }

  /** Answers a call once; later answers are dropped. */
  #answer(context: CallContext, result: CallResult): void {
    if (context.state !== "open") return;
    context.state = "answered";
    const refund = context.cyclesAvailable;
    context.cyclesAvailable = 0n;
    this.#deliver(context.origin, result, refund);
  }

  #deliver(origin: Origin, result: CallResult, refund: bigint): void {
    if (origin.kind === "ingress") this.#travel(origin.route, "ingress", () => origin.respond(result));
    if (origin.kind === "call") {
      const { callback } = origin;
      this.#travel(callback.route, "call", () => this.#respond(callback, result, refund));
    }
  }

  /** A response that arrives after its bounded call has timed out is dropped; its cycles are returned. */
  #respond(callback: Callback, result: CallResult, refund: bigint): void {
    clearTimeout(callback.timeout);
    this.#bounded.delete(callback);
    if (callback.state === "settled") {
      const caller = this.#parts.registry.get(callback.context.canister);
      if (caller) caller.cycles += refund;
      return;
    }
    callback.state = "settled";
    this.enqueue({ kind: "response", callback, result, refund });
  }

  /** After a message: closes a call that has no pending calls, and rejects it if it has not been answered. */
  #settle(context: CallContext, trap: Trap | undefined): void {
    if (context.outstanding > 0 || context.state === "deleted") return;
    const late: Rejection = trap ? rejectionOf(trap, context.canister) : didNotReply(context.canister);
    this.#answer(context, late);
    this.#calls.close(context);
  }
}

const expired = reject(errorCodes.deadlineExpired, "Call deadline has expired.");

/** The canister that a message runs on; empty bytes for the management canister. */
function targetOf(message: QueuedMessage): Uint8Array {
  if (message.kind === "request") return message.callee;
  return message.kind === "task" ? message.canister : message.callback.context.canister;
}

/** One-way calls have no callback: their index is the largest possible. */
function isOneWay({ index }: Closure): boolean {
  return typeof index === "bigint" ? BigInt.asUintN(64, index) >= 0xffff_ffffn : index >>> 0 === 0xffff_ffff;
}
