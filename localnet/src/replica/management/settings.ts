import { Principal } from "@dfinity/principal";
import type { LogVisibility, Settings } from "../../canister/canister.ts";
import { errorCodes } from "../../canister/trap.ts";
import type { LogVisibilityArg, SettingsArg } from "./interface.ts";
import { Refusal } from "./refusal.ts";

/** @source IC interface specification, update_settings */
const mostControllers = 10;

/** The settings with what the argument names changed. @throws Refusal */
export function applySettings(settings: Settings, arg: SettingsArg): Settings {
  const controllers = arg.controllers[0]?.map((controller) => controller.toUint8Array());
  if (controllers && controllers.length > mostControllers) {
    const message = `Invalid settings: a canister has at most ${mostControllers} controllers`;
    throw new Refusal(errorCodes.invalidManagementPayload, message);
  }
  const visibility = arg.log_visibility[0];
  return {
    controllers: controllers ?? settings.controllers,
    computeAllocation: arg.compute_allocation[0] ?? settings.computeAllocation,
    memoryAllocation: arg.memory_allocation[0] ?? settings.memoryAllocation,
    freezingThreshold: arg.freezing_threshold[0] ?? settings.freezingThreshold,
    reservedCyclesLimit: arg.reserved_cycles_limit[0] ?? settings.reservedCyclesLimit,
    logVisibility: visibility ? visibilityOf(visibility) : settings.logVisibility,
    wasmMemoryLimit: arg.wasm_memory_limit[0] ?? settings.wasmMemoryLimit,
    wasmMemoryThreshold: arg.wasm_memory_threshold[0] ?? settings.wasmMemoryThreshold,
  };
}

function visibilityOf(arg: LogVisibilityArg): LogVisibility {
  if ("controllers" in arg) return { kind: "controllers" };
  if ("public" in arg) return { kind: "public" };
  return { kind: "allowedViewers", viewers: arg.allowed_viewers.map((viewer) => viewer.toUint8Array()) };
}

/** The settings as canister_status shows them. */
export function shownSettings(settings: Settings) {
  return {
    controllers: settings.controllers.map((controller) => Principal.fromUint8Array(controller)),
    compute_allocation: settings.computeAllocation,
    memory_allocation: settings.memoryAllocation,
    freezing_threshold: settings.freezingThreshold,
    reserved_cycles_limit: settings.reservedCyclesLimit,
    log_visibility: shownVisibility(settings.logVisibility),
    wasm_memory_limit: settings.wasmMemoryLimit,
    wasm_memory_threshold: settings.wasmMemoryThreshold,
    environment_variables: [],
  };
}

function shownVisibility(visibility: LogVisibility): LogVisibilityArg {
  switch (visibility.kind) {
    case "controllers":
      return { controllers: null };
    case "public":
      return { public: null };
    case "allowedViewers":
      return { allowed_viewers: visibility.viewers.map((viewer) => Principal.fromUint8Array(viewer)) };
  }
}
