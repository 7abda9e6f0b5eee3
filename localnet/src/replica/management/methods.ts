import { randomBytes } from "node:crypto";
import { Principal } from "@dfinity/principal";
import { type Canister, controls } from "../../canister/canister.ts";
import { type ChangeDetails, recordChange } from "../../canister/history.ts";
import { errorCodes, type Rejection, reject, textOf } from "../../canister/trap.ts";
import { infoOf, originOf } from "./canister-info.ts";
import { assemble, type CodeChange, changeCode, storeChunk, uninstall } from "./code.ts";
import { createCanister, createPaidCanister } from "./create-canister.ts";
import type { MethodName } from "./interface.ts";
import {
  done,
  find,
  type ManagementCall,
  type ManagementParts,
  type Method,
  type Outcome,
  type Result,
} from "./method.ts";
import { outcall } from "./outcall.ts";
import { Refusal } from "./refusal.ts";
import { applySettings } from "./settings.ts";
import { snapshotMethods } from "./snapshot-methods.ts";
import { statusOf } from "./status.ts";

/** Cycles of a canister that is created without an amount. */
const defaultCycles = 100_000_000_000_000n;

/** What each method of the management canister does. They throw a Refusal to reject. */
export function methodsOf(parts: ManagementParts): { [Name in MethodName]: Method<Name> } {
  const { registry, now } = parts;
  const record = (canister: Canister, call: ManagementCall, details: ChangeDetails) =>
    recordChange(canister, { timestamp: now(), origin: originOf(call), details });
  return {
    create_canister: {
      callers: "canisters",
      run: ({ settings }, call) => {
        const { caller, cycles } = call;
        const subnet = parts.subnets.of(caller);
        const origin = originOf(call);
        const canister = createPaidCanister(parts, { caller, settings: settings[0], cycles, origin, subnet });
        return { ...named(canister), kept: cycles };
      },
    },
    provisional_create_canister_with_cycles: {
      callers: "anyone",
      run: ({ settings, amount, specified_id }, call) =>
        named(
          createCanister(parts, {
            caller: call.caller,
            origin: originOf(call),
            settings: settings[0],
            cycles: amount[0] ?? defaultCycles,
            id: specified_id[0]?.toUint8Array(),
            subnet: parts.subnets.of(call.effectiveCanisterId),
          }),
        ),
    },
    provisional_top_up_canister: {
      callers: "anyone",
      run: ({ canister_id, amount }) => {
        find(registry, canister_id).cycles += amount;
        return done;
      },
    },
    install_code: {
      callers: "controllers",
      run: ({ canister_id, mode, wasm_module, arg }, call) =>
        change(parts, find(registry, canister_id), { mode, source: wasm_module, arg }, call),
    },
    install_chunked_code: {
      callers: "controllers",
      run: (arg, call) => {
        const { caller } = call;
        const store = find(registry, arg.store_canister[0] ?? arg.target_canister);
        if (!controls(store, caller) && Buffer.compare(store.id, caller) !== 0) {
          const message = `Only controllers of canister ${textOf(store.id)} can use its chunk store`;
          throw new Refusal(errorCodes.invalidController, message);
        }
        const source = assemble(store, arg.chunk_hashes_list, arg.wasm_module_hash);
        const code = { mode: arg.mode, source, arg: arg.arg };
        return change(parts, find(registry, arg.target_canister), code, call);
      },
    },
    upload_chunk: {
      callers: "controllersOrSelf",
      run: ({ canister_id, chunk }) => ({
        reply: [{ hash: storeChunk(find(registry, canister_id), chunk) }],
      }),
    },
    stored_chunks: {
      callers: "controllersOrSelf",
      run: ({ canister_id }) => {
        const hashes = [...find(registry, canister_id).chunks.keys()];
        return { reply: [hashes.map((hash) => ({ hash: Buffer.from(hash, "hex") }))] };
      },
    },
    clear_chunk_store: {
      callers: "controllersOrSelf",
      run: ({ canister_id }) => {
        find(registry, canister_id).chunks = new Map();
        return done;
      },
    },
    uninstall_code: {
      callers: "controllers",
      run: ({ canister_id }, call) => {
        const canister = find(registry, canister_id);
        uninstall(canister);
        record(canister, call, { kind: "codeUninstall" });
        parts.scheduler().abandon(canister.id);
        return done;
      },
    },
    start_canister: {
      callers: "controllers",
      run: ({ canister_id }) => {
        const canister = find(registry, canister_id);
        canister.status = "running";
        parts.scheduler().cancelIdleWaiters(canister.id);
        return done;
      },
    },
    stop_canister: {
      callers: "controllers",
      run: ({ canister_id }) => stop(parts, find(registry, canister_id)),
    },
    delete_canister: {
      callers: "controllers",
      run: ({ canister_id }) => {
        const canister = find(registry, canister_id);
        if (canister.status !== "stopped") {
          const message = `Canister ${canister_id.toText()} must be stopped before it is deleted.`;
          throw new Refusal(errorCodes.notStopped, message);
        }
        parts.registry.remove(canister);
        return done;
      },
    },
    canister_status: {
      callers: "controllersOrSelf",
      visibleTo: "statusVisibility",
      run: ({ canister_id }) => ({ reply: [statusOf(find(registry, canister_id))] }),
    },
    canister_metrics: {
      callers: "controllersOrSelf",
      run: ({ canister_id }) => ({ reply: [{ cycles_consumed: find(registry, canister_id).consumed }] }),
    },
    canister_info: {
      callers: "canisters",
      run: ({ canister_id, num_requested_changes }) => ({
        reply: [infoOf(find(registry, canister_id), num_requested_changes[0])],
      }),
    },
    update_settings: {
      callers: "controllers",
      run: ({ canister_id, settings }, call) => {
        const canister = find(registry, canister_id);
        canister.settings = applySettings(canister.settings, settings);
        canister.version += 1n;
        const { controllers } = canister.settings;
        if (settings.controllers[0]) record(canister, call, { kind: "controllersChange", controllers });
        return done;
      },
    },
    deposit_cycles: {
      callers: "canisters",
      run: ({ canister_id }, { cycles }) => {
        find(registry, canister_id).cycles += cycles;
        return { reply: [], kept: cycles };
      },
    },
    raw_rand: { callers: "canisters", run: () => ({ reply: [new Uint8Array(randomBytes(32))] }) },
    http_request: { callers: "canisters", run: (arg, call) => outcall(parts, arg, call) },
    fetch_canister_logs: {
      callers: "anyone",
      run: () => ({ rejection: noUpdate("fetch_canister_logs") }),
    },
    ...snapshotMethods(parts),
  };
}

function noUpdate(method: string): Rejection {
  return reject(errorCodes.canisterRejected, `${method} API is only accessible in non-replicated mode`);
}

function named({ id }: Canister): { reply: unknown[] } {
  return { reply: [{ canister_id: Principal.fromUint8Array(id) }] };
}

function change(
  { limits, now, onExecuted }: ManagementParts,
  canister: Canister,
  code: Pick<CodeChange, "mode" | "source" | "arg">,
  call: ManagementCall,
): Outcome {
  const time = now();
  const { caller } = call;
  const rejection = changeCode(canister, { ...code, caller, limit: limits.install, time, onExecuted });
  if (rejection) return { rejection };
  const mode = Object.keys(code.mode)[0] as "install" | "reinstall" | "upgrade";
  const details = { kind: "codeDeployment", mode, moduleHash: canister.program!.module.hash } as const;
  recordChange(canister, { timestamp: time, origin: originOf(call), details });
  return done;
}

function stop({ scheduler }: ManagementParts, canister: Canister): Result {
  canister.status = "stopping";
  const cancelled = reject(
    errorCodes.stoppingCancelled,
    `Canister ${textOf(canister.id)} was started again before it stopped`,
  );
  return {
    later: (settle) =>
      scheduler().whenIdle(canister.id, (end) => {
        if (end === "idle") canister.status = "stopped";
        settle(end === "idle" ? done : { rejection: cancelled });
      }),
  };
}
