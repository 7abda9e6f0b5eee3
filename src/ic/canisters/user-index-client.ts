import { createHash } from "node:crypto";
import { Actor, type Agent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { idlFactory, type _SERVICE as Service } from "@kiln/client/bindings/user_index";
import { Bytes, Count, Nothing, Optional, PrincipalText } from "@kiln/client/network/reply";
import type { RetryPolicy } from "@kiln/client/network/retry";
import { z } from "zod";
import { TypedError } from "../../base/typed-error.ts";
import { canisterCalls, type Refusal } from "../network/canister-calls.ts";

/** The platform's limit of one stored chunk. @source IC interface specification, "IC method upload_chunk" */
const chunkBytes = 1024 * 1024;

const Nat = z.bigint().nonnegative();

/** `vec nat32`, which the agent decodes as a typed array. */
const Indexes = z.instanceof(Uint32Array).transform((indexes) => [...indexes]);

const Variant = z.record(z.string(), z.null()).transform((variant) => Object.keys(variant)[0] ?? "");

const Upgrades = z.object({
  version: z.string(),
  sha256: Bytes,
  state: Variant.pipe(z.enum(["idle", "running", "paused", "done"])),
  canisters: Count,
  successful_upgrade_count: Count,
  failures: z.array(z.object({ canister: PrincipalText, reason: z.string(), rolled_back: z.boolean() })),
});
export type Upgrades = z.infer<typeof Upgrades>;

const CanisterInfo = z.object({
  id: PrincipalText,
  subnet: Optional(PrincipalText),
  state: Variant.pipe(z.enum(["empty", "free", "active", "restoring", "retired"])),
  users: Count,
  module_sha256: Optional(Bytes),
});
export type UserCanisterInfo = z.infer<typeof CanisterInfo>;

const FundingReport = z.object({
  canister: PrincipalText,
  balance: Nat,
  burned_per_day: Optional(Nat),
  received: Nat,
  failure: z.string(),
  at: Nat,
});
const Funding = z.object({
  spent_today: Nat,
  watched: z.array(FundingReport),
  low: z.array(FundingReport),
});
export type Funding = z.infer<typeof Funding>;

const Settings = z.object({
  users_per_canister: z.number(),
  pool: z.number(),
  subnets: z.array(PrincipalText),
  most_per_subnet: z.number(),
  cycles_per_canister: Nat,
  operators: z.array(PrincipalText),
  parallel_upgrades: z.number(),
  most_failures: z.number(),
  funding: z.object({ below: Nat, to: Nat, daily_limit: Nat, reserve: Nat }),
});
export type UserIndexSettings = z.infer<typeof Settings>;

const Totals = z.object({
  users: Count,
  canisters: Count,
  free: Count,
  unprepared: Count,
  pool_failure: z.string(),
});

/**
 * The user_index canister. Idempotent calls retry transient failures.
 * All throw TypedError: UNAUTHORIZED, USER_INDEX_REFUSES, NO_USER_CANISTER, COPY_BEHIND, and those of `withRetry`.
 */
export type UserIndexClient = ReturnType<typeof userIndexClient>;

/** @param options.canisterId text form of the user_index canister's principal */
export function userIndexClient(options: { agent: Agent; canisterId: string; retry?: RetryPolicy }) {
  const { agent, canisterId } = options;
  const actor = Actor.createActor<Service>(idlFactory, { agent, canisterId });
  const target = `user index canister ${canisterId}`;
  const { call, expect, read } = canisterCalls({
    agent,
    target,
    retry: options.retry,
    refused: (refusal) =>
      "behind" in refusal
        ? new TypedError("COPY_BEHIND", `${target}: ${refusal.behind}`)
        : new TypedError("USER_INDEX_REFUSES", `${target}: ${reason(refusal)}`),
  });

  return {
    canisterId,

    /** The canister of the agent's own principal; the first call assigns one. */
    async ownCanister(): Promise<string> {
      const reply: { Ok: Principal } | { Err: string } = await call(() =>
        actor.get_requester_principals_canister_id_create_if_not_exists(),
      );
      if ("Ok" in reply) return reply.Ok.toText();
      throw new TypedError("NO_USER_CANISTER", `${target}: ${reply.Err}`);
    },

    canisterOf: (user: string) =>
      read(Optional(PrincipalText), () =>
        actor.get_user_canister_id_from_user_principal_id(Principal.fromText(user)),
      ),

    /** Ends the account of the agent's own principal. */
    async deleteOwnAccount(): Promise<void> {
      const Done = z.object({ done: z.boolean() });
      while (!(await expect(Done, () => actor.delete_requester())).done);
    },

    status: () => read(Totals, () => actor.status()),
    settings: () => read(Settings, () => actor.get_settings()),
    configure: (settings: UserIndexSettings) =>
      expect(Nothing, () =>
        actor.configure({
          ...settings,
          subnets: settings.subnets.map((id) => Principal.fromText(id)),
          operators: settings.operators.map((id) => Principal.fromText(id)),
        }),
      ),
    provision: () => expect(Nothing, () => actor.provision()),
    recycleIfAbandoned: (user: string) =>
      expect(z.boolean(), () => actor.recycle_if_abandoned(Principal.fromText(user))),

    /** @param afterDays 0 turns sweeping off */
    configureSweep: (afterDays: number) =>
      expect(Nothing, () =>
        actor.configure_sweep({
          abandoned_after_seconds: afterDays === 0 ? [] : [BigInt(Math.round(afterDays * 86_400))],
        }),
      ),
    /** Sweeps the next canisters. @returns how many users were released */
    sweep: () => expect(Count, () => actor.sweep_abandoned()),

    async *canisters(): AsyncGenerator<UserCanisterInfo> {
      for (let after: [] | [Principal] = []; ; ) {
        const page = await read(z.array(CanisterInfo), () =>
          actor.get_user_canister_list({ after, limit: 1_000 }),
        );
        yield* page;
        const last = page.at(-1);
        if (last === undefined) return;
        after = [Principal.fromText(last.id)];
      }
    },

    /** Sends the missing chunks of the user canisters' module; `startUpgrades` installs it. */
    async sendModule(version: string, wasm: Uint8Array): Promise<void> {
      const sha256 = createHash("sha256").update(wasm).digest();
      const chunks = Math.ceil(wasm.length / chunkBytes);
      const missing = await expect(Indexes, () => actor.begin_module({ version, sha256, chunks }));
      for (const index of missing)
        await expect(Nothing, () =>
          actor.put_module_chunk(index, wasm.subarray(index * chunkBytes, (index + 1) * chunkBytes)),
        );
      await expect(Nothing, () => actor.commit_module());
    },

    startUpgrades: () => expect(Nothing, () => actor.start_upgrades_for_individual_canisters()),
    pauseUpgrades: () => expect(Nothing, () => actor.pause_upgrades()),
    resumeUpgrades: () => expect(Nothing, () => actor.resume_upgrades()),
    upgrades: () => read(Upgrades, () => actor.get_index_details_last_upgrade_status()),

    /** A user's canister, even if the canister does not know the user yet. */
    async homeOf(user: string): Promise<string | undefined> {
      const [home] = await read(z.array(Optional(PrincipalText)), () =>
        actor.residences([Principal.fromText(user)]),
      );
      return home;
    },
    /** No new users are assigned to these canisters. @returns those whose users have to be moved */
    retire: (which: { canister: string } | "everything") =>
      expect(z.array(PrincipalText), () =>
        actor.retire(
          which === "everything" ? { everything: null } : { canister: Principal.fromText(which.canister) },
        ),
      ),
    /** Ends a restore of everything: all users of the retired canisters have been moved. */
    finishRestore: () => expect(Nothing, () => actor.finish_restore()),
    /** A fresh canister for the users of another. Returns the same one until `endRestore`. */
    openRestore: (from: string, purpose: "move" | "drill") =>
      expect(PrincipalText, () =>
        actor.open_restore({
          from: Principal.fromText(from),
          purpose: purpose === "move" ? { move: null } : { drill: null },
        }),
      ),
    closeRestore: (user: string, target: string) =>
      expect(Nothing, () => actor.close_restore(Principal.fromText(user), Principal.fromText(target))),
    /** Removes the restored records of a user who was not moved after all. */
    cancelRestore: (user: string, target: string) =>
      expect(Nothing, () => actor.cancel_restore(Principal.fromText(user), Principal.fromText(target))),
    endRestore: (target: string) => expect(Nothing, () => actor.end_restore(Principal.fromText(target))),

    watch: (canister: string) => expect(Nothing, () => actor.watch_canister(Principal.fromText(canister))),
    fund: () => expect(Nothing, () => actor.fund()),
    funding: () => read(Funding, () => actor.funding_status()),
  };
}

function reason(refusal: Refusal): string {
  if ("invalid" in refusal) return refusal.invalid;
  if ("failed" in refusal) return refusal.failed;
  return "there is no such user or canister";
}
