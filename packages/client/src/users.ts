import { Actor, type Agent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { z } from "zod";
import { idlFactory, type _SERVICE as Service } from "./bindings/user_index.ts";
import { Optional, PrincipalText, readReply } from "./network/reply.ts";
import { withRetry } from "./network/retry.ts";
import { TypedError } from "./typed-error.ts";
import { type UserClient, userClient } from "./user-client.ts";

/** Finds users' canisters. All throw TypedError: NO_USER_CANISTER and those of `withRetry`. */
export type Users = {
  /** The canister of who signs; the first time one is assigned. */
  mine(): Promise<UserClient>;
  /** Undefined for somebody who has none. */
  of(user: string): Promise<UserClient | undefined>;
};

const Assigned = z.union([z.object({ Ok: PrincipalText }), z.object({ Err: z.string() })]);

/** @param options.canisterId text form of the user index canister's principal */
export function usersOf({ agent, canisterId }: { agent: Agent; canisterId: string | undefined }): Users {
  if (canisterId === undefined) return { mine: noIndex, of: noIndex };
  const actor = Actor.createActor<Service>(idlFactory, { agent, canisterId });
  const target = `user index canister ${canisterId}`;
  return {
    async mine() {
      const answered = await withRetry(
        () => actor.get_requester_principals_canister_id_create_if_not_exists(),
        { target },
      );
      const reply = readReply(Assigned, answered, target);
      if ("Ok" in reply) return userClient({ agent, canisterId: reply.Ok });
      throw new TypedError("NO_USER_CANISTER", `${target}: ${reply.Err}. Ask again in a moment`);
    },
    async of(user) {
      const principal = Principal.fromText(user);
      const answered = await withRetry(() => actor.get_user_canister_id_from_user_principal_id(principal), {
        target,
      });
      const found = readReply(Optional(PrincipalText), answered, target);
      return found === undefined ? undefined : userClient({ agent, canisterId: found });
    },
  };
}

async function noIndex(): Promise<never> {
  throw new TypedError("NETWORK_INVALID", "the network's description names no user_index canister: add it");
}
