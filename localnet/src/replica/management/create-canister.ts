import type { Canister } from "../../canister/canister.ts";
import { type ChangeOrigin, recordChange } from "../../canister/history.ts";
import { errorCodes, textOf } from "../../canister/trap.ts";
import { prices } from "../../cycles/prices.ts";
import type { CanisterRegistry } from "../canister-registry.ts";
import type { SettingsArg } from "./interface.ts";
import { Refusal } from "./refusal.ts";
import { applySettings } from "./settings.ts";

export interface Creation {
  /** The controller, where the settings name none. */
  caller: Uint8Array;
  settings: SettingsArg | undefined;
  cycles: bigint;
  /** The creator, as recorded in the history. */
  origin: ChangeOrigin;
  /** The index of its subnet; without one the root subnet. */
  subnet?: number;
  id?: Uint8Array | undefined;
}

/** @throws Refusal when the id is taken or the settings are not valid */
export function createCanister(
  { registry, now }: { registry: CanisterRegistry; now: () => bigint },
  { caller, settings, cycles, origin, subnet, id }: Creation,
): Canister {
  if (id && registry.get(id)) {
    throw new Refusal(errorCodes.alreadyInstalled, `Canister ${textOf(id)} is already installed.`);
  }
  const canister = registry.create([caller], cycles, {
    ...(subnet !== undefined && { subnet }),
    ...(id && { id }),
  });
  canister.chargedAt = now();
  try {
    if (settings) canister.settings = applySettings(canister.settings, settings);
  } catch (error) {
    registry.remove(canister);
    throw error;
  }
  const { controllers } = canister.settings;
  recordChange(canister, { timestamp: now(), origin, details: { kind: "creation", controllers } });
  return canister;
}

/** Creates a canister, which pays the fee from the cycles attached to the call. @throws Refusal */
export function createPaidCanister(
  parts: { registry: CanisterRegistry; now: () => bigint },
  creation: Creation,
): Canister {
  const { cycles } = creation;
  if (cycles < prices.creation) {
    const message = `Creating a canister requires a fee of ${prices.creation} that is deducted from the canister's initial balance but only ${cycles} cycles were received with the create_canister request.`;
    throw new Refusal(errorCodes.insufficientForCreation, message);
  }
  const canister = createCanister(parts, { ...creation, cycles: cycles - prices.creation });
  canister.consumed.canister_creation += prices.creation;
  return canister;
}
