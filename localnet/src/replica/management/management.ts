import { randomBytes } from "node:crypto";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { type Canister, controls } from "../../canister/canister.ts";
import { errorCodes, type Rejection, reject, textOf } from "../../canister/trap.ts";
import type { Origin } from "../call-context.ts";
import type { CanisterRegistry } from "../canister-registry.ts";
import type { InstructionLimits } from "../instruction-limits.ts";
import type { Answer, Scheduler } from "../scheduler.ts";
import type { CallResult } from "../types.ts";
import { assemble, changeCode, storeChunk, uninstall } from "./code.ts";
import { type Arguments, type MethodName, type SettingsArg, types } from "./interface.ts";
import { Refusal } from "./refusal.ts";
import { applySettings } from "./settings.ts";
import { statusOf } from "./status.ts";

export interface ManagementParts {
  registry: CanisterRegistry;
  limits: InstructionLimits;
  /** Nanoseconds since 1970. */
  now: () => bigint;
  scheduler: () => Scheduler;
}

export interface ManagementCall {
  origin: Origin["kind"];
  caller: Uint8Array;
  method: string;
  arg: Uint8Array;
  cycles: bigint;
}

/** What a method gives back: the values of its reply and the cycles it keeps, a rejection, or an answer later. */
type Result =
  | { reply: unknown[]; kept?: bigint }
  | { rejection: Rejection }
  | { later: (answer: (reply: unknown[]) => void, refuse: Answer) => void };

interface Method<Name extends MethodName> {
  /** Who may call: `controllers` and `controllersOrSelf` are those of the canister that the argument names. */
  callers: "anyone" | "canisters" | "controllers" | "controllersOrSelf";
  run: (arg: Arguments[Name], call: ManagementCall) => Result;
}

/** Cycles of a canister that is made without naming an amount. */
const defaultCycles = 100_000_000_000_000n;

/** The management canister `aaaaa-aa`. */
export class Management {
  readonly #parts: ManagementParts;
  readonly #methods: { [Name in MethodName]: Method<Name> };

  constructor(parts: ManagementParts) {
    this.#parts = parts;
    this.#methods = this.#table();
  }

  execute(call: ManagementCall, answer: Answer): void {
    try {
      const { name, arg } = this.#authorize(call);
      const method = this.#methods[name] as Method<MethodName>;
      const result = method.run(arg as never, call);
      const encode = (reply: unknown[]) => new Uint8Array(IDL.encode(types[name].reply, reply));
      if ("rejection" in result) answer(result.rejection, call.cycles);
      else if ("reply" in result) {
        answer({ status: "replied", reply: encode(result.reply) }, call.cycles - (result.kept ?? 0n));
      } else {
        result.later((reply) => answer({ status: "replied", reply: encode(reply) }, call.cycles), answer);
      }
    } catch (error) {
      answer(rejectionFor(error), call.cycles);
    }
  }

  /** The only query is fetch_canister_logs. */
  query(call: ManagementCall): CallResult {
    if (call.method !== "fetch_canister_logs") return noQuery(call.method);
    try {
      const { arg } = this.#authorize(call);
      const { canister_id } = arg as Arguments["fetch_canister_logs"];
      const records = this.#find(canister_id).log.records.map(({ index, timestamp, content }) => ({
        idx: index,
        timestamp_nanos: timestamp,
        content,
      }));
      const reply = IDL.encode(types.fetch_canister_logs.reply, [{ canister_log_records: records }]);
      return { status: "replied", reply: new Uint8Array(reply) };
    } catch (error) {
      return rejectionFor(error);
    }
  }

  /** Whether a call from outside may enter at all. */
  inspect(call: ManagementCall): Rejection | undefined {
    try {
      this.#authorize(call);
      return undefined;
    } catch (error) {
      return rejectionFor(error);
    }
  }

  /** @throws Refusal */
  #authorize({ method, arg, caller, origin }: ManagementCall): {
    name: MethodName;
    arg: Arguments[MethodName];
  } {
    if (!Object.hasOwn(types, method)) {
      throw new Refusal(errorCodes.methodNotFound, `Management canister has no method '${method}'`);
    }
    const name = method as MethodName;
    const decoded = decode(name, arg);
    const { callers } = this.#methods[name];
    if (callers === "canisters" && origin === "ingress") {
      throw new Refusal(errorCodes.canisterRejected, `ic00 method ${name} can be called only by canisters`);
    }
    if (callers === "controllers" || callers === "controllersOrSelf") {
      const canister = this.#find(targetOf(decoded));
      const isSelf = Buffer.compare(canister.id, caller) === 0;
      if (!controls(canister, caller) && !(isSelf && callers === "controllersOrSelf")) {
        const message = `Only controllers of canister ${textOf(canister.id)} can call ic00 method ${name}`;
        throw new Refusal(errorCodes.invalidController, message);
      }
    }
    return { name, arg: decoded };
  }

  /** @throws Refusal */
  #find(id: Principal): Canister {
    const canister = this.#parts.registry.get(id.toUint8Array());
    if (!canister) throw new Refusal(errorCodes.canisterNotFound, `Canister ${id.toText()} not found`);
    return canister;
  }

  #create(caller: Uint8Array, settings: SettingsArg | undefined, cycles: bigint, id?: Uint8Array): Result {
    const { registry } = this.#parts;
    if (id && registry.get(id)) {
      throw new Refusal(errorCodes.canisterAlreadyExists, `Canister ${textOf(id)} exists already`);
    }
    const canister = registry.create([caller], cycles, id);
    try {
      if (settings) canister.settings = applySettings(canister.settings, settings);
    } catch (error) {
      registry.remove(canister);
      throw error;
    }
    return { reply: [{ canister_id: Principal.fromUint8Array(canister.id) }] };
  }

  #change(
    canister: Canister,
    change: Pick<Parameters<typeof changeCode>[1], "mode" | "source" | "arg" | "caller">,
  ) {
    const { limits, now } = this.#parts;
    const rejection = changeCode(canister, { ...change, limit: limits.install, time: now() });
    return rejection ? { rejection } : done;
  }

  #stop(canister: Canister): Result {
    const scheduler = this.#parts.scheduler();
    canister.status = "stopping";
    return {
      later: (answer, refuse) =>
        scheduler.whenIdle(canister.id, (end) => {
          if (end === "idle") {
            canister.status = "stopped";
            answer([]);
          } else {
            refuse(
              reject(errorCodes.stoppingCancelled, `Canister ${textOf(canister.id)} was started again`),
              0n,
            );
          }
        }),
    };
  }

  #table(): { [Name in MethodName]: Method<Name> } {
    const { registry } = this.#parts;
    return {
      create_canister: {
        callers: "canisters",
        run: ({ settings }, { caller, cycles }) => ({
          ...this.#create(caller, settings[0], cycles),
          kept: cycles,
        }),
      },
      provisional_create_canister_with_cycles: {
        callers: "anyone",
        run: ({ settings, amount, specified_id }, { caller }) =>
          this.#create(caller, settings[0], amount[0] ?? defaultCycles, specified_id[0]?.toUint8Array()),
      },
      provisional_top_up_canister: {
        callers: "anyone",
        run: ({ canister_id, amount }) => {
          this.#find(canister_id).cycles += amount;
          return done;
        },
      },
      install_code: {
        callers: "controllers",
        run: ({ canister_id, mode, wasm_module, arg }, { caller }) =>
          this.#change(this.#find(canister_id), { mode, source: wasm_module, arg, caller }),
      },
      install_chunked_code: {
        callers: "controllers",
        run: (arg, { caller }) => {
          const store = this.#find(arg.store_canister[0] ?? arg.target_canister);
          if (!controls(store, caller) && Buffer.compare(store.id, caller) !== 0) {
            const message = `Only controllers of canister ${textOf(store.id)} can use its chunk store`;
            throw new Refusal(errorCodes.invalidController, message);
          }
          const source = assemble(store, arg.chunk_hashes_list, arg.wasm_module_hash);
          return this.#change(this.#find(arg.target_canister), {
            mode: arg.mode,
            source,
            arg: arg.arg,
            caller,
          });
        },
      },
      upload_chunk: {
        callers: "controllersOrSelf",
        run: ({ canister_id, chunk }) => ({ reply: [{ hash: storeChunk(this.#find(canister_id), chunk) }] }),
      },
      stored_chunks: {
        callers: "controllersOrSelf",
        run: ({ canister_id }) => {
          const hashes = [...this.#find(canister_id).chunks.keys()];
          return { reply: [hashes.map((hash) => ({ hash: Buffer.from(hash, "hex") }))] };
        },
      },
      clear_chunk_store: {
        callers: "controllersOrSelf",
        run: ({ canister_id }) => {
          this.#find(canister_id).chunks = new Map();
          return done;
        },
      },
      uninstall_code: {
        callers: "controllers",
        run: ({ canister_id }) => {
          const canister = this.#find(canister_id);
          uninstall(canister);
          this.#parts.scheduler().abandon(canister.id);
          return done;
        },
      },
      start_canister: {
        callers: "controllers",
        run: ({ canister_id }) => {
          const canister = this.#find(canister_id);
          canister.status = "running";
          this.#parts.scheduler().cancelIdleWaiters(canister.id);
          return done;
        },
      },
      stop_canister: {
        callers: "controllers",
        run: ({ canister_id }) => this.#stop(this.#find(canister_id)),
      },
      delete_canister: {
        callers: "controllers",
        run: ({ canister_id }) => {
          const canister = this.#find(canister_id);
          if (canister.status !== "stopped") {
            const message = `Canister ${canister_id.toText()} must be stopped before it is deleted.`;
            throw new Refusal(errorCodes.notStopped, message);
          }
          registry.remove(canister);
          return done;
        },
      },
      canister_status: {
        callers: "controllersOrSelf",
        run: ({ canister_id }) => ({ reply: [statusOf(this.#find(canister_id))] }),
      },
      canister_info: {
        callers: "canisters",
        run: ({ canister_id }) => {
          const { version, program, settings } = this.#find(canister_id);
          const controllers = settings.controllers.map((controller) => Principal.fromUint8Array(controller));
          const module_hash = program ? [program.module.hash] : [];
          return { reply: [{ total_num_changes: version, recent_changes: [], module_hash, controllers }] };
        },
      },
      update_settings: {
        callers: "controllers",
        run: ({ canister_id, settings }) => {
          const canister = this.#find(canister_id);
          canister.settings = applySettings(canister.settings, settings);
          canister.version += 1n;
          return done;
        },
      },
      deposit_cycles: {
        callers: "canisters",
        run: ({ canister_id }, { cycles }) => {
          this.#find(canister_id).cycles += cycles;
          return { reply: [], kept: cycles };
        },
      },
      raw_rand: { callers: "canisters", run: () => ({ reply: [new Uint8Array(randomBytes(32))] }) },
      fetch_canister_logs: {
        callers: "anyone",
        run: () => ({ rejection: noUpdate("fetch_canister_logs") }),
      },
    };
  }
}

const done = { reply: [] } as const satisfies Result;

function decode(name: MethodName, arg: Uint8Array): Arguments[MethodName] {
  try {
    return IDL.decode(types[name].arg, arg)[0] as unknown as Arguments[MethodName];
  } catch (error) {
    throw new Refusal(errorCodes.invalidManagementPayload, `Error decoding candid: ${error}`);
  }
}

function targetOf(arg: Arguments[MethodName]): Principal {
  const target = arg as { canister_id?: Principal; target_canister?: Principal };
  return (target.canister_id ?? target.target_canister)!;
}

function noQuery(method: string): Rejection {
  return reject(errorCodes.methodNotFound, `Query method ${method} not found on the management canister`);
}

function noUpdate(method: string): Rejection {
  return reject(errorCodes.canisterRejected, `${method} API is only accessible in non-replicated mode`);
}

function rejectionFor(error: unknown): Rejection {
  if (error instanceof Refusal) return reject(error.errorCode, error.message);
  throw error;
}
