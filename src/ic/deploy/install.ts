import { createHash } from "node:crypto";
import { CanisterStatus, type HttpAgent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { toTypedError } from "@kiln/client/network/call-failure";
import { Bytes, PrincipalText } from "@kiln/client/network/reply";
import { z } from "zod";
import { type InstallMode, type Management, management } from "../canisters/management.ts";

/** Bytes. A larger module is sent in chunks instead of one message, which also holds other arguments. */
const oneMessage = 1_800_000;

/** The platform's limit of one stored chunk. @source IC interface specification, "IC method upload_chunk" */
const storedChunk = 1024 * 1024;

/** `upgrade` keeps the memory, as modules with enhanced orthogonal persistence need it. */
export type CanisterInstallMode = "install" | "reinstall" | "upgrade";

const modes: Record<CanisterInstallMode, InstallMode> = {
  install: { install: null },
  reinstall: { reinstall: null },
  upgrade: {
    upgrade: [{ skip_pre_upgrade: [], wasm_memory_persistence: [{ keep: null }] }],
  },
};

/**
 * Installs a module and returns the canister's id. Without `canisterId` a canister is created first, which
 * only a local network allows. Skipped if that module is already installed.
 * @param options.arg Candid-encoded arguments of the module's initialisation
 * @throws TypedError CANISTER_UNREACHABLE, CANISTER_FAILED (the module traps while it starts), CALL_REFUSED
 */
export async function installCanister(options: {
  agent: HttpAgent;
  wasm: Uint8Array;
  arg: Uint8Array;
  canisterId?: string | undefined;
  mode: CanisterInstallMode;
}): Promise<string> {
  const { agent, wasm, arg, mode } = options;
  const canisterId = options.canisterId ?? (await createCanister(agent));
  const hash = createHash("sha256").update(wasm).digest();
  try {
    if (mode === "upgrade" && (await moduleHash(agent, canisterId)) === hash.toString("hex"))
      return canisterId;
    const target = management(agent, canisterId);
    const code = { canisterId: Principal.fromText(canisterId), mode: modes[mode], arg, wasm };
    if (wasm.length <= oneMessage) await installWhole(target, code);
    else await installInChunks(target, { ...code, hash });
  } catch (error) {
    throw toTypedError(error, `canister ${canisterId}`);
  }
  return canisterId;
}

/**
 * Creates an empty canister for the agent's principal, free of charge: on local networks only; see `cyclesLedger`.
 * @param options.cycles of the canister; by default what the network gives
 * @param options.near a canister id of the subnet on which it is to be
 * @throws TypedError CANISTER_UNREACHABLE, CALL_REFUSED
 */
export async function createCanister(
  agent: HttpAgent,
  options: { cycles?: bigint; near?: string | undefined } = {},
): Promise<string> {
  try {
    const created = await management(agent, options.near).provisional_create_canister_with_cycles({
      amount: options.cycles === undefined ? [] : [options.cycles],
      settings: [],
      specified_id: [],
      sender_canister_version: [],
    });
    return z.object({ canister_id: PrincipalText }).parse(created).canister_id;
  } catch (error) {
    throw toTypedError(error, "creating a canister (only a local network offers that)");
  }
}

/** @throws TypedError CANISTER_UNREACHABLE, CALL_REFUSED */
export async function startCanister(agent: HttpAgent, canisterId: string): Promise<void> {
  try {
    await management(agent, canisterId).start_canister({ canister_id: Principal.fromText(canisterId) });
  } catch (error) {
    throw toTypedError(error, `canister ${canisterId}`);
  }
}

type Code = { canisterId: Principal; mode: InstallMode; arg: Uint8Array; wasm: Uint8Array };

async function installWhole(target: Management, { canisterId, mode, arg, wasm }: Code): Promise<void> {
  await target.install_code({
    canister_id: canisterId,
    mode,
    arg,
    wasm_module: wasm,
    sender_canister_version: [],
  });
}

async function installInChunks(target: Management, code: Code & { hash: Uint8Array }): Promise<void> {
  const { canisterId, mode, arg, wasm, hash } = code;
  await target.clear_chunk_store({ canister_id: canisterId });
  const hashes = [];
  for (let from = 0; from < wasm.length; from += storedChunk) {
    const chunk = wasm.subarray(from, from + storedChunk);
    hashes.push(
      z.object({ hash: Bytes }).parse(await target.upload_chunk({ canister_id: canisterId, chunk })),
    );
  }
  await target.install_chunked_code({
    mode,
    target_canister: canisterId,
    store_canister: [],
    chunk_hashes_list: hashes,
    wasm_module_hash: hash,
    arg,
    sender_canister_version: [],
  });
  await target.clear_chunk_store({ canister_id: canisterId });
}

/** SHA-256 of the installed module in hex, certified; `undefined` for an empty canister. */
export async function moduleHash(agent: HttpAgent, canisterId: string): Promise<string | undefined> {
  const status = await CanisterStatus.request({
    agent,
    canisterId: Principal.fromText(canisterId),
    paths: ["module_hash"],
  });
  return z.string().nullish().parse(status.get("module_hash")) ?? undefined;
}
