import { IDL } from "@dfinity/candid";
import type { Principal } from "@dfinity/principal";
import { type Canister, controls, sees } from "../../canister/canister.ts";
import { errorCodes, type Rejection, reject, textOf } from "../../canister/trap.ts";
import type { Answer } from "../scheduler.ts";
import type { CallResult } from "../types.ts";
import { type Arguments, type MethodName, types } from "./interface.ts";
import { find, type ManagementCall, type ManagementParts, type Method, type Outcome } from "./method.ts";
import { methodsOf } from "./methods.ts";
import { Refusal } from "./refusal.ts";

/** @source IC interface specification, changelog 0.51 and 0.66 */
const queries = new Set(["fetch_canister_logs", "canister_status", "canister_metrics"]);

/** The management canister `aaaaa-aa`. */
export class Management {
  readonly #parts: ManagementParts;
  readonly #methods: { [Name in MethodName]: Method<Name> };

  constructor(parts: ManagementParts) {
    this.#parts = parts;
    this.#methods = methodsOf(parts);
  }

  execute(call: ManagementCall, answer: Answer): void {
    const settle = (name: MethodName, outcome: Outcome) => {
      const refund = call.cycles - (outcome.kept ?? 0n);
      if ("rejection" in outcome) return answer(outcome.rejection, refund);
      const reply = new Uint8Array(IDL.encode(types[name].reply, outcome.reply));
      answer({ status: "replied", reply }, refund);
    };
    try {
      const { name, arg } = this.#authorize(call);
      const method = this.#methods[name] as Method<MethodName>;
      const target = targetOf(arg);
      const canister = target && this.#parts.registry.get(target.toUint8Array());
      if (canister) this.#parts.charge(canister);
      const result = method.run(arg as never, call);
      if (canister) this.#parts.scheduler().watchMemory(canister);
      if ("later" in result) result.later((outcome) => settle(name, outcome));
      else settle(name, result);
    } catch (error) {
      answer(rejectionFor(error), call.cycles);
    }
  }

  /** What queries, including composite queries of canisters, may call: logs, status and metrics. */
  query(call: ManagementCall): CallResult {
    if (!queries.has(call.method)) return noQuery(call.method);
    try {
      const { name, arg } = this.#authorize(call);
      if (name !== "fetch_canister_logs") return this.#answer(name, arg, call);
      const canister = find(this.#parts.registry, (arg as Arguments["fetch_canister_logs"]).canister_id);
      if (!sees(canister, canister.settings.logVisibility, call.caller)) {
        const message = `Caller ${textOf(call.caller)} is not allowed to access canister logs`;
        throw new Refusal(errorCodes.canisterRejected, message);
      }
      const records = canister.log.records.map(({ index, timestamp, content }) => ({
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

  /** The reply of a method that changes nothing. */
  #answer(name: MethodName, arg: Arguments[MethodName], call: ManagementCall): CallResult {
    const method = this.#methods[name] as Method<MethodName>;
    const outcome = method.run(arg as never, call);
    if (!("reply" in outcome)) return noQuery(name);
    return { status: "replied", reply: new Uint8Array(IDL.encode(types[name].reply, outcome.reply)) };
  }

  /** Whether a call from outside is accepted. */
  inspect(call: ManagementCall): Rejection | undefined {
    try {
      this.#authorize(call);
      return undefined;
    } catch (error) {
      return rejectionFor(error);
    }
  }

  /** @throws Refusal */
  #authorize({ method: wanted, arg, caller, origin }: ManagementCall): {
    name: MethodName;
    arg: Arguments[MethodName];
  } {
    if (!Object.hasOwn(types, wanted)) {
      throw new Refusal(errorCodes.methodNotFound, `Management canister has no method '${wanted}'`);
    }
    const name = wanted as MethodName;
    const method: Pick<Method<MethodName>, "callers" | "visibleTo"> = this.#methods[name];
    const { callers } = method;
    if (callers === "canisters" && origin === "ingress") {
      throw new Refusal(errorCodes.canisterRejected, `ic00 method ${name} can be called only by canisters`);
    }
    const decoded = decode(name, arg);
    if (callers === "controllers" || callers === "controllersOrSelf") {
      const canister = find(this.#parts.registry, targetOf(decoded)!);
      const isSelf = Buffer.compare(canister.id, caller) === 0;
      const isViewer = method.visibleTo && sees(canister, canister.settings[method.visibleTo], caller);
      if (!controls(canister, caller) && !isViewer && !(isSelf && callers === "controllersOrSelf")) {
        throw new Refusal(errorCodes.invalidController, notController(canister, { caller, name, origin }));
      }
    }
    return { name, arg: decoded };
  }
}

function decode(name: MethodName, arg: Uint8Array): Arguments[MethodName] {
  try {
    return IDL.decode(types[name].arg, arg)[0] as unknown as Arguments[MethodName];
  } catch (error) {
    throw new Refusal(errorCodes.invalidManagementPayload, `Error decoding candid: ${error}`);
  }
}

function targetOf(arg: Arguments[MethodName]): Principal | undefined {
  const target = arg as { canister_id?: Principal; target_canister?: Principal } | null;
  return target?.canister_id ?? target?.target_canister;
}

/** Calls from outside are refused before execution, calls from canisters during it, with different messages. */
function notController(
  { id, settings }: Canister,
  { caller, name, origin }: Pick<ManagementCall, "caller" | "origin"> & { name: MethodName },
): string {
  if (origin === "ingress") return `Only controllers of canister ${textOf(id)} can call ic00 method ${name}`;
  const controllers = settings.controllers.map(textOf).join(" ");
  return `Only the controllers of the canister ${textOf(id)} can control it.\nCanister's controllers: ${controllers}\nSender's ID: ${textOf(caller)}`;
}

function noQuery(method: string): Rejection {
  return reject(errorCodes.methodNotFound, `Query method ${method} not found on the management canister`);
}

function rejectionFor(error: unknown): Rejection {
  if (error instanceof Refusal) return reject(error.errorCode, error.message);
  throw error;
}
