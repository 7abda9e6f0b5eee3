import { Principal } from "@dfinity/principal";
import type { Settings, Visibility } from "../../canister/canister.ts";
import { errorCodes } from "../../canister/trap.ts";
import type { Opt, SettingsArg, VisibilityArg } from "./interface.ts";
import { Refusal } from "./refusal.ts";

/** @source IC interface specification, update_settings */
const maxControllers = 10;

/** @source Internet Computer resource limits */
const largestLog = 2n * 1024n * 1024n;
const maxVariables = 20;
const maxVariableBytes = 128;

/** The settings with what the argument names changed. @throws Refusal */
export function applySettings(settings: Settings, arg: SettingsArg): Settings {
  const controllers = arg.controllers[0]?.map((controller) => controller.toUint8Array());
  if (controllers && controllers.length > maxControllers) {
    const message = `Invalid settings: a canister has at most ${maxControllers} controllers`;
    throw new Refusal(errorCodes.invalidManagementPayload, message);
  }
  checkVariables(arg.environment_variables[0] ?? []);
  const logMemoryLimit = arg.log_memory_limit[0] ?? settings.logMemoryLimit;
  if (logMemoryLimit > largestLog) {
    const message = `The canister log memory limit ${logMemoryLimit} is too high. It must be at most ${largestLog}.`;
    throw new Refusal(errorCodes.canisterRejected, message);
  }
  return {
    controllers: controllers ?? settings.controllers,
    computeAllocation: arg.compute_allocation[0] ?? settings.computeAllocation,
    memoryAllocation: arg.memory_allocation[0] ?? settings.memoryAllocation,
    freezingThreshold: arg.freezing_threshold[0] ?? settings.freezingThreshold,
    reservedCyclesLimit: arg.reserved_cycles_limit[0] ?? settings.reservedCyclesLimit,
    logVisibility: visibilityOf(arg.log_visibility) ?? settings.logVisibility,
    logMemoryLimit,
    snapshotVisibility: visibilityOf(arg.snapshot_visibility) ?? settings.snapshotVisibility,
    statusVisibility: visibilityOf(arg.status_visibility) ?? settings.statusVisibility,
    minimumCallCycles: arg.minimum_incoming_canister_call_cycles[0] ?? settings.minimumCallCycles,
    environmentVariables: arg.environment_variables[0] ?? settings.environmentVariables,
    wasmMemoryLimit: arg.wasm_memory_limit[0] ?? settings.wasmMemoryLimit,
    wasmMemoryThreshold: arg.wasm_memory_threshold[0] ?? settings.wasmMemoryThreshold,
  };
}

/** @throws Refusal when there are too many, or one is too long or there twice */
function checkVariables(variables: { name: string; value: string }[]): void {
  const names = new Set(variables.map(({ name }) => name));
  const isTooLong = variables.some(
    ({ name, value }) => Math.max(Buffer.byteLength(name), Buffer.byteLength(value)) > maxVariableBytes,
  );
  if (variables.length <= maxVariables && !isTooLong && names.size === variables.length) return;
  const message = `Invalid settings: a canister has at most ${maxVariables} environment variables of different names, names and values of at most ${maxVariableBytes} bytes`;
  throw new Refusal(errorCodes.invalidManagementPayload, message);
}

function visibilityOf([arg]: Opt<VisibilityArg>): Visibility | undefined {
  if (!arg) return undefined;
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
    log_memory_limit: settings.logMemoryLimit,
    snapshot_visibility: shownVisibility(settings.snapshotVisibility),
    status_visibility: shownVisibility(settings.statusVisibility),
    minimum_incoming_canister_call_cycles: settings.minimumCallCycles,
    wasm_memory_limit: settings.wasmMemoryLimit,
    wasm_memory_threshold: settings.wasmMemoryThreshold,
    environment_variables: settings.environmentVariables,
  };
}

function shownVisibility(visibility: Visibility): VisibilityArg {
  switch (visibility.kind) {
    case "controllers":
      return { controllers: null };
    case "public":
      return { public: null };
    case "allowedViewers":
      return { allowed_viewers: visibility.viewers.map((viewer) => Principal.fromUint8Array(viewer)) };
  }
}
