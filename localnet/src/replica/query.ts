import { cannotPay } from "../canister/account.ts";
import type { Canister } from "../canister/canister.ts";
import { methodKind } from "../canister/compiled-module.ts";
import type { Context } from "../canister/context.ts";
import { executionOf, type Finished } from "../canister/execute.ts";
import type { Closure, Input, OutgoingCall } from "../canister/execution.ts";
import type { Entry } from "../canister/instance.ts";
import type { Program } from "../canister/program.ts";
import { StableOverlay } from "../canister/stable-memory.ts";
import { errorCodes, type Rejection, reject, rejectionOf, textOf } from "../canister/trap.ts";
import { admit, didNotReply, noSuchMethod } from "./admission.ts";
import type { CanisterRegistry } from "./canister-registry.ts";
import type { Executed } from "./scheduler.ts";
import type { SubnetList } from "./subnet-list.ts";
import type { CallResult } from "./types.ts";

export interface Query {
  caller: Uint8Array;
  callee: Uint8Array;
  method: string;
  arg: Uint8Array;
  /** Visible only to the canister that is queried from outside. */
  dataCertificate: Uint8Array | undefined;
}

export interface QueryWorld {
  registry: CanisterRegistry;
  /** Maximum number of instructions of the whole graph. */
  limit: bigint;
  /** Nanoseconds since 1970. */
  time: bigint;
  subnets: SubnetList;
  /** The response of the management canister or a system canister; undefined for any other callee. */
  serve: (query: Query) => CallResult | undefined;
  /** Called with the cost of each executed message. */
  onExecuted: (execution: Executed) => void;
}

/** @source dfinity/ic rs/config/src/execution_environment.rs */
const deepest = 6;
const callOverhead = 50_000_000n;

/**
 * Runs a query or composite query, depth first and without interruption, so that no update runs between its parts.
 * Every canister is left unchanged.
 */
export function runQuery(world: QueryWorld, query: Query): CallResult {
  return new QueryGraph(world).answer(query, 0);
}

class QueryGraph {
  readonly #world: QueryWorld;
  readonly #active = new Set<Program>();
  #instructionsLeft: bigint;

  constructor(world: QueryWorld) {
    this.#world = world;
    this.#instructionsLeft = world.limit;
  }

  answer(query: Query, depth: number): CallResult {
    const { callee, method } = query;
    const served = this.#world.serve(query);
    if (served) return served;
    const admitted = admit(this.#world.registry, callee);
    if ("rejection" in admitted) return admitted.rejection;
    const { canister, program } = admitted;
    if (cannotPay(canister, 0n)) return frozen(canister);
    const kind = methodKind(program.module, method);
    if (kind === undefined || kind === "update") return noSuchMethod(callee, "query", method);
    if (depth > deepest) {
      return reject(errorCodes.callGraphTooDeep, "Composite query calls exceeded the maximum call depth.");
    }
    const context = kind === "composite_query" ? "CQ" : "NRQ";
    return this.#onQuerySide(program, () =>
      new QueryCall(this, canister, program, depth).run(
        context,
        { export: `canister_${kind} ${method}` },
        query,
      ),
    );
  }

  /** Runs one message of the graph; its changes stay on the query side. */
  execute(
    canister: Canister,
    program: Program,
    stable: StableOverlay,
    message: { context: Context; entry: Entry; input: Input },
  ): Finished {
    const { time } = this.#world;
    const execution = executionOf(canister, { ...message, limit: this.#instructionsLeft, time }, stable);
    const { trap, instructions } = program.runQuery(execution, [message.entry]);
    this.#instructionsLeft -= instructions;
    const entry = "export" in message.entry ? message.entry.export : `callback ${message.context}`;
    this.#world.onExecuted({ canister: canister.id, entry, instructions });
    return { journal: execution.journal, trap, instructions };
  }

  /** Answers a call of a composite query. */
  answerCall(caller: Canister, { callee, method, arg }: OutgoingCall, depth: number): CallResult {
    const { subnets } = this.#world;
    if (callee.length > 0 && subnets.of(callee) !== subnets.of(caller.id)) {
      const message = `Canister ${textOf(callee)} is not on the subnet of the caller: queries cannot leave it`;
      return reject(errorCodes.canisterNotFound, message);
    }
    this.#instructionsLeft -= callOverhead;
    if (this.#instructionsLeft <= 0n) {
      const message = "Composite query calls exceeded the instruction limit.";
      return reject(errorCodes.callGraphInstructionLimit, message);
    }
    return this.answer({ caller: caller.id, callee, method, arg, dataCertificate: undefined }, depth);
  }

  /** The state of a program in an outer call of the graph is set aside during an inner one. */
  #onQuerySide(program: Program, run: () => CallResult): CallResult {
    if (this.#active.has(program)) {
      const outer = program.putQueriesAside();
      program.resetQueries();
      try {
        return run();
      } finally {
        program.resumeQueries(outer);
      }
    }
    this.#active.add(program);
    try {
      return run();
    } finally {
      program.resetQueries();
      this.#active.delete(program);
    }
  }
}

function frozen({ id }: Canister): Rejection {
  const message = `Canister ${textOf(id)} is unable to process query calls because it's frozen. Please top up the canister with cycles and try again.`;
  return reject(errorCodes.outOfCycles, message);
}

/** One call of the graph: its first message and its callbacks, which see each other's changes. */
class QueryCall {
  readonly #graph: QueryGraph;
  readonly #canister: Canister;
  readonly #program: Program;
  readonly #depth: number;
  #stable: StableOverlay;

  constructor(graph: QueryGraph, canister: Canister, program: Program, depth: number) {
    this.#graph = graph;
    this.#canister = canister;
    this.#program = program;
    this.#depth = depth;
    this.#stable = new StableOverlay(canister.stable);
  }

  run(context: Context, entry: Entry, { caller, arg, dataCertificate }: Query): CallResult {
    const first = this.#execute(context, entry, { caller, arg, dataCertificate });
    const pending = [...first.journal.calls];
    let { trap } = first;
    let { response } = first.journal;
    while (!trap && !response) {
      const call = pending.shift();
      if (!call) return didNotReply(this.#canister.id);
      const finished = this.#callBack(
        caller,
        call,
        this.#graph.answerCall(this.#canister, call, this.#depth + 1),
      );
      response = finished.journal.response;
      pending.push(...finished.journal.calls);
      if (pending.length === 0) trap = finished.trap;
    }
    return trap ? rejectionOf(trap, this.#canister.id) : response!;
  }

  /** Runs a callback; when it traps, only its own changes are undone, and the cleanup runs. */
  #callBack(caller: Uint8Array, call: OutgoingCall, result: CallResult): Finished {
    const aside = this.#program.putQueriesAside();
    const stable = this.#stable.fork();
    const finished =
      result.status === "replied"
        ? this.#close("CRy", call.onReply, { caller, arg: result.reply })
        : this.#close("CRt", call.onReject, { caller, rejection: result });
    if (!finished.trap) return finished;
    this.#program.resumeQueries(aside);
    this.#stable = stable;
    const nothing = { ...finished, journal: { ...finished.journal, response: undefined, calls: [] } };
    if (call.onCleanup && this.#close("CC", call.onCleanup, { caller }).trap) {
      this.#program.resumeQueries(aside);
    }
    return nothing;
  }

  #close(context: Context, closure: Closure, input: Input): Finished {
    return this.#execute(context, { closure }, input);
  }

  #execute(context: Context, entry: Entry, input: Input): Finished {
    return this.#graph.execute(this.#canister, this.#program, this.#stable, { context, entry, input });
  }
}
